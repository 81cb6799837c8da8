"""DMP mock, entry points: who calls, whose record it is, and what the entry points share.

Not here: any transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time
from functools import lru_cache

from kit import soap
from kit.identity import Ins
from kit.pki import Trust
from kit.rules import Code, Malformed, Refusal, Refused
from kit.service import MUTUAL_TLS, PLAIN, Service
from kit.soap import Call, SoapFault
from kit.vihf import Vihf, policy_of, read_vihf, verify_vihf
from kit.world import Patient, World
from kit.xds import write_dtm
from kit.xml import Element
from mocks.dmp import errors, messages, rules
from mocks.dmp.messages import Authorization, PatientRecord
from mocks.dmp.messages.record import AT_THE_PATIENTS_DEMAND, CLOSED
from mocks.dmp.routes import noting
from mocks.dmp.routes.people import is_held, representatives, stranger
from mocks.dmp.rules import DmpUser
from mocks.dmp.rules.minors import is_minor
from mocks.dmp.store import Documents, Store

NO_VIHF = Refusal(
    errors.VIHF_MISSING,
    "the_call_carries_a_vihf",
    "TD0.1",
    field="Header/Security/Assertion",
    seen="nothing",
    expected="a signed SAML 2.0 assertion in wsse:Security",
    home=rules.__name__,
)


class DmpFaults(soap.FaultStyle):
    """Faults as the DMP words them: SOAP 1.2, Sender, its own code as Subcode."""

    def malformed(self, error: Malformed) -> SoapFault:
        return SoapFault(
            "Sender",
            subcode=errors.MALFORMED.code,
            reason=f"{errors.MALFORMED.meaning}; {error.where}: {error.why}",
            outcome="malformed",
        )

    def unknown_operation(self, name: str) -> SoapFault:
        return self.malformed(Malformed("soap:Body", f"no transaction has the element {name}"))


class Dmp:
    """What the entry points share: the store, the people, the trust, the settings."""

    def __init__(
        self, service: Service, store: Store, world: World, trust: Callable[[], Trust]
    ) -> None:
        self.service = service
        self.store = store
        self.world = world
        self._by_matricule = lru_cache(maxsize=4096)(world.by_matricule)
        self.trust = trust
        settings = service.settings
        self.is_lenient = settings.dmp_require_vihf != "strict"
        self.vihf_policy = policy_of(settings, self._sites_of)
        gate = datetime.combine(date.fromisoformat(settings.dmp_ins_gate_on), time(), UTC)
        self.policy = rules.Policy(
            gate,
            lot_signature=settings.dmp_lot_signature,
            visibility_cumul=settings.dmp_visibility_cumul,
            types=settings.dmp_types,
            cda_checks=settings.dmp_cda_checks,
            cda_metadata=settings.dmp_cda_metadata,
        )

    def patient(self, ins: Ins) -> Patient | None:
        """Who has, or had, this INS under an authority the bench takes."""
        found, settings = self._by_matricule(ins.matricule), self.service.settings
        takes_all = settings.dmp_ins_oids == "all"
        if found is None and settings.dmp_unknown_ins == "open":
            found = stranger(ins, self.service.clock.now().date())
        return found if found and is_held(found, ins, takes_all=takes_all) else None

    def matricules(self, ins: Ins) -> frozenset[str]:
        """Every matricule of the person: documents stay where they were filed (EX_3.1-1055)."""
        found = self.patient(ins)
        past = found.history if found else ()
        current = (found.ins.matricule,) if found else ()
        return frozenset({ins.matricule, *current, *(item.matricule for item in past)})

    def legal_entity(self, structure: str) -> str:
        """Struct_IdNat of the legal entity (EJ) of a structure, or the structure itself."""
        found = self.world.establishment(structure[1:]) if structure.startswith("1") else None
        return f"1{found.finess_ej}" if found else structure

    def identify(self, call: Call) -> DmpUser:
        """Who calls. Raises SoapFault with every refusal of the VIHF."""
        assertion = messages.read_security(call.header)
        if assertion is None:
            raise _unauthorized([NO_VIHF])
        vihf = read_vihf(assertion)
        entity = self.legal_entity(vihf.structure)
        noting.caller(call.line, vihf, entity)
        if not (self.is_lenient and call.listener == PLAIN):
            self._verify(call, assertion, vihf)
        user = rules.user_of(vihf, entity)
        call.line.subject = user.patient_id.matricule
        return user

    def _verify(self, call: Call, assertion: Element, vihf: Vihf) -> None:
        is_mutual = call.listener == MUTUAL_TLS and call.peer is not None
        try:
            verify_vihf(
                assertion,
                self.trust(),
                self.service.clock.now(),
                tls=call.peer.der if is_mutual and call.peer else None,
                policy=self.vihf_policy,
                transaction=call.line.transaction,
                vihf=vihf,
            )
        except Refused as error:
            raise _unauthorized(error.refusals) from error

    def _sites_of(self, structure: str) -> frozenset[str]:
        found = self.world.establishment(structure[1:]) if structure.startswith("1") else None
        is_entity = found is not None and structure == f"1{found.finess_ej}"
        return frozenset({f"1{found.finess_eg}"}) if found and is_entity else frozenset()

    # The record of the patient.

    @property
    def now(self) -> str:
        """The bench time as messages write it."""
        return write_dtm(self.service.clock.now())

    def record(self, patient: Patient | None, documents: Documents) -> PatientRecord | None:
        """The record of a person, None for an INS nobody has."""
        if patient is None:
            return None
        first = at_first(patient, self.service.clock.now().date())
        return documents.records.record(patient.ins.matricule, first)

    def authorizations(self, patient: Patient | None, documents: Documents) -> list[Authorization]:
        """Who is authorised and who is blocked in a person's record."""
        return documents.records.authorizations(patient.ins.matricule) if patient else []

    def known(self, user: DmpUser, documents: Documents) -> DmpUser:
        """The user with what the patient of their VIHF decided about them."""
        patient = self.patient(user.patient_id) if user.patient_id.matricule else None
        settings = self.service.settings
        return rules.standing_of(
            user,
            self.record(patient, documents),
            self.authorizations(patient, documents),
            now=self.service.clock.now(),
            days=settings.dmp_authorization_days,
            is_lenient=settings.dmp_authorization == "lenient",
            are_minors_judged=settings.dmp_minors == "strict",
        )


def at_first(patient: Patient, today: date) -> PatientRecord:
    """The record of a person before anybody changed it, as the invented country has it."""
    born = patient.traits.birth_date
    return PatientRecord(
        state=patient.record.state,
        attached_to_mes=patient.record.attached_to_mes,
        opposed_to_feeding=patient.record.opposed_to_feeding,
        closing_motive=AT_THE_PATIENTS_DEMAND if patient.record.state == CLOSED else "",
        telecoms=(f"tel:{patient.phone}",) if patient.phone else (),
        street=patient.address.line,
        postal_code=patient.address.postal_code,
        city=patient.address.city,
        representatives=representatives(patient) if is_minor(born, today) else (),
        birth_date=born,
    )


def _unauthorized(refusals: Iterable[Refusal]) -> SoapFault:
    told = tuple(refusals)
    reason = " | ".join(f"{item.code.meaning}; {item.text}" for item in told)
    return SoapFault("Sender", subcode=told[0].code.code, reason=reason, refusals=told)


def injected(code: str) -> Refusal:
    """What an armed fault answers."""
    made = Code(code, "défaut injecté", "bench")
    return Refusal(made, rule="an_armed_fault_fired", source="bench", home=rules.__name__)
