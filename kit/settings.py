"""Kit, settings: the one table of settings and the only reader of the environment.

Not here: any default hidden in code elsewhere; a part receives a frozen ``Settings``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from kit.setting_readers import PREFIX, one_of, row, rows_of
from kit.setting_readers import WrongSettings as WrongSettings
from kit.setting_readers import bench_address as _bench_address
from kit.setting_readers import boolean as _boolean
from kit.setting_readers import choices as _choices
from kit.setting_readers import count as _count
from kit.setting_readers import day as _day
from kit.setting_readers import names as _names
from kit.setting_readers import origin as _origin
from kit.setting_readers import port as _port
from kit.setting_readers import positive as _positive
from kit.setting_readers import routes as _routes
from kit.setting_readers import share as _share
from kit.setting_readers import to_env as to_env


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting of Banc. The variable is ``BANC_`` + the field's name in capitals."""

    data_dir: Path = row(
        Path("data"), "Folder of databases, certificates, runs and the bench clock.", Path
    )
    database_url: str = row(
        "", "SQLAlchemy URL of a PostgreSQL database; empty: one SQLite file per service."
    )
    sqlite_synchronous: str = row(
        "NORMAL",
        "SQLite durability: NORMAL survives kill -9, FULL survives a power cut too.",
        one_of("NORMAL", "FULL"),
    )
    database_wait_seconds: int = row(
        10,
        "Seconds an exchange waits for its database; then it is answered as unavailable (503).",
        _positive,
    )
    host: str = row("127.0.0.1", "Address every part listens on.")
    seed: int = row(2026, "Seed of the invented country.", int)
    workers: int = row(2, "Worker processes of each HTTP service.", _positive)
    threads: int = row(4, "Threads of each worker process.", _positive)
    dmp_port: int = row(8081, "DMP, plain HTTP.", _port)
    dmp_tls_port: int = row(8441, "DMP, mutual TLS.", _port)
    ins_port: int = row(8082, "INSi, plain HTTP.", _port)
    ins_mtls_port: int = row(8442, "INSi, mutual TLS (software certificate).", _port)
    ins_tls_port: int = row(8452, "INSi, one-way TLS (assertion in the message).", _port)
    ror_port: int = row(8083, "ROR, plain HTTP.", _port)
    ror_tls_port: int = row(8443, "ROR, TLS with an optional client certificate.", _port)
    mssante_port: int = row(8084, "MSSanté, mailbox API over plain HTTP.", _port)
    submission_port: int = row(8587, "MSSanté, SMTP submission with STARTTLS.", _port)
    imap_port: int = row(8143, "MSSanté, IMAP with STARTTLS.", _port)
    mssante_password: str = row("banc", "MSSanté: the password of every mailbox.")
    mssante_max_message_bytes: int = row(
        30 * 1024 * 1024, "MSSanté: largest message of submission (SIZE) and of APPEND.", _positive
    )
    mssante_max_recipients: int = row(
        100, "MSSanté: most recipients of one message; one more is refused (452).", _positive
    )
    psc_port: int = row(8085, "Pro Santé Connect, plain HTTP.", _port)
    psc_tls_port: int = row(
        8445, "Pro Santé Connect, TLS with an optional client certificate.", _port
    )
    gateway_port: int = row(8275, "HL7v2 gateway (PFI), MLLP.", _port)
    gateway_http_port: int = row(8086, "HL7v2 gateway, control API over plain HTTP.", _port)
    gateway_finess: str = row(
        "", "HL7v2 gateway: FINESS of the invented establishment that delivers when PRT-8 names"
        " none of ours; empty: the first.",
    )  # fmt: skip
    gateway_routes: tuple[str, ...] = row(
        (),
        "HL7v2 gateway, where creators take their ZAM: MSH-3@MSH-4=host:port, MSH-3=host:port or"
        " *=host:port, separated by commas.",
        _routes,
    )
    gateway_attempts: int = row(
        12, "HL7v2 gateway: tries of a delivery before it is given up.", _positive
    )
    gateway_retry_seconds: int = row(
        2, "HL7v2 gateway: seconds before the second try; twice as long each time.", _positive
    )
    gateway_receipt_seconds: int = row(
        5, "HL7v2 gateway: seconds between two looks for receipts in its mailboxes.", _positive
    )
    console_port: int = row(8080, "Console, plain HTTP.", _port)
    dmp_host: str = row("", "Where the other parts find the DMP; empty: the address above.")
    ins_host: str = row("", "Where the other parts find INSi; empty: the address above.")
    ror_host: str = row("", "Where the other parts find the ROR; empty: the address above.")
    mssante_host: str = row("", "Where the other parts find MSSanté; empty: the address above.")
    psc_host: str = row(
        "", "Where the other parts find Pro Santé Connect; empty: the address above."
    )
    gateway_host: str = row(
        "", "Where the other parts find the HL7v2 gateway; empty: the address above."
    )
    console_host: str = row("", "Where the other parts find the console; empty: the address above.")
    server_names: tuple[str, ...] = row(
        ("localhost", "dmp", "ins", "ror", "mssante", "psc"),
        "Host names in the server certificate, separated by commas; 127.0.0.1 is always there.",
        _names,
    )
    pkcs12_password: str = row("banc", "Password of the PKCS#12 files of the test authority.")
    pki_address: str = row(
        "http://localhost:8082/pki",
        "Address of revocation lists and OCSP that new certificates name: the plain INSi listener;"
        " a name of the loopback or of a test domain.",
        _bench_address,
    )
    vihf_window_minutes: int = row(
        60,
        "Minutes a VIHF is accepted after its IssueInstant (bench time); unconfirmed.",
        _positive,
    )
    vihf_accept_sha1: bool = row(
        True, "Accept RSA-SHA1 in the signature of a VIHF, as in examples of 2019.", _boolean
    )
    vihf_accept_capital_mode: bool = row(
        False, "Accept the attribute Authentification_Mode written with a capital M.", _boolean
    )
    dmp_require_vihf: str = row(
        "strict",
        "DMP, plain listener: strict judges the VIHF as the TLS one does, lenient only reads it.",
        one_of("strict", "lenient"),
    )
    dmp_lot_signature: str = row(
        "strict",
        "DMP: strict wants a right signature in every lot, lenient does not look at it.",
        one_of("strict", "lenient"),
    )
    dmp_ins_gate_on: str = row(
        "2023-10-01",
        "DMP: day (bench time) from which a document must carry a qualified INS.",
        _day,
    )
    dmp_ins_oids: str = row(
        "test",
        "DMP: INS taken: test (OID .10 only), or all, as some published examples have real ones.",
        one_of("test", "all"),
    )
    dmp_unknown_ins: str = row(
        "refuse",
        "DMP: an INS of nobody in the invented country: refuse (no record), or open an empty one.",
        one_of("refuse", "open"),
    )
    dmp_status_versions: bool = row(
        False,
        "DMP: a change of status too is a new version, with another entryUUID; unconfirmed.",
        _boolean,
    )
    dmp_minors: str = row(
        "lenient",
        "DMP: what is odd about minors and their representatives: strict refuses, lenient notes.",
        one_of("strict", "lenient"),
    )
    dmp_visibility_cumul: bool = row(
        False, "DMP: accept MASQUE_PS and INVISIBLE_PATIENT on the same document.", _boolean
    )
    dmp_authorization: str = row(
        "strict",
        "DMP: strict wants an authorisation (TD0.3) before consultation, lenient gives it to all.",
        one_of("strict", "lenient"),
    )
    dmp_authorization_days: int = row(
        0, "DMP: days an authorisation lasts (bench time); 0: until it is removed.", _count
    )
    dmp_obsolete_creation: bool = row(
        False, "DMP: answer TD1.1 and TD1.2, which left the rights matrix in 2024.", _boolean
    )
    dmp_types: str = row(
        "strict",
        "DMP: strict wants the class and format of the current tables, lenient only notes others.",
        one_of("strict", "lenient"),
    )
    dmp_cda_checks: str = row(
        "strict",
        "DMP: strict refuses a CDA that breaks its header or model, warn notes it, off is blind.",
        one_of("strict", "warn", "off"),
    )
    dmp_cda_metadata: str = row(
        "strict",
        "DMP: strict refuses metadata that contradict the CDA, lenient only notes most of it.",
        one_of("strict", "lenient"),
    )
    dmp_max_results: int = row(
        5000, "DMP: most LeafClass objects of a TD3.1 answer; 0: no bound. Unconfirmed.", _count
    )
    dmp_citizen: bool = row(
        True, "DMP: serve the patient's side, /mon-espace-sante, on the plain listener.", _boolean
    )
    dmp_fhir: str = row(
        "open",
        "DMP, FHIR face: open believes Banc-User on the plain listener, strict wants a token.",
        one_of("open", "strict", "off"),
    )
    dmp_fhir_draft: bool = row(False, "DMP, FHIR: TD0.2 as GET Patient, a draft.", _boolean)
    request_seconds: int = row(
        30,
        "Seconds a client has to send a request, and again to take its answer; then it is cut.",
        _positive,
    )
    worker_max_mib: int = row(
        1500,
        "Memory (MiB) above which a worker process ends after its requests; another takes over.",
        _positive,
    )
    max_body_bytes: int = row(
        32 * 1024 * 1024, "Largest HTTP request body; larger is refused (413).", _positive
    )
    max_xml_depth: int = row(128, "Deepest XML nesting that is read.", _positive)
    max_xml_nodes: int = row(200_000, "Most XML elements that are read in one document.", _positive)
    max_json_bytes: int = row(
        2 * 1024 * 1024, "Largest FHIR request body; larger is refused (413).", _positive
    )
    max_json_depth: int = row(32, "Deepest JSON nesting that is read.", _positive)
    raw_retention_days: int = row(
        30, "Days the raw bytes of an exchange are kept; the journal line stays.", _positive
    )
    ror_authentication: str = row(
        "open",
        "ROR: open lets the plain listener answer without a token; strict wants one everywhere.",
        one_of("open", "strict"),
    )
    ror_writes: str = row(
        "faithful",
        "ROR: faithful refuses offers from outside as the real service; extended lets a referent"
        " write them.",
        one_of("faithful", "extended"),
    )
    ror_client_secret: str = row("banc", "ROR: secret of the clients of access profile 0.")
    ror_token_seconds: int = row(300, "ROR: seconds an access token is valid.", _positive)
    ins_software: tuple[str, ...] = row(
        ("IDAM-MASKED", "BANC-TEST"),
        "INSi, software authorization numbers (IDAM) that are known, separated by commas.",
        _names,
    )
    ins_matching: str = row(
        "strict",
        "INSi, search: strict (exact names, first names in order) or lenient (any of the list).",
        one_of("strict", "lenient"),
    )
    ins_oid: str = row(
        "held",
        "INSi, OID of answered numbers: held (each its own), test (.10) or production (.8).",
        one_of("held", "test", "production"),
    )
    ins_dialect: str = row(
        "2025",
        "INSi, prefixes and language tag of the answers of 2021, 2022 or 2025.",
        one_of("2021", "2022", "2025"),
    )
    ins_dialects: tuple[str, ...] = row(
        (),
        "INSi, dialect of one software: IDAM=2022, separated by commas; the control channel wins.",
        _choices("2021", "2022", "2025"),
    )
    ins_first_name: str = row(
        "dialect",
        "INSi, TIQ/Prenom in the answers: as the dialect has it, always or never.",
        one_of("dialect", "always", "never"),
    )
    ins_severity: str = row(
        "captured",
        "INSi, the gravest severite: captured (fatal, as seen) or schema (fatale).",
        one_of("captured", "schema"),
    )
    ins_psc: str = row(
        "accept",
        "INSi, unsigned Pro Santé Connect assertion: accept or refuse; unconfirmed.",
        one_of("accept", "refuse"),
    )
    ins_card_signer: str = row(
        "strict",
        "INSi, card assertion: strict wants its signer to be a signature key named by Issuer.",
        one_of("strict", "lenient"),
    )
    ins_vitale_card: str = row(
        "optional",
        "INSi, WS_INS1: second assertion, of the Vitale card, optional or required.",
        one_of("optional", "required"),
    )
    ins_unofficial_checks: bool = row(
        True, "INSi, offer WS_INS3 to WS_INS5 with schemas of the bench; unconfirmed.", _boolean
    )
    ins_check_label: str = row(
        "Identite non concordante", "INSi, label of a check that does not agree; unconfirmed."
    )
    ins_batch_seconds: int = row(
        60, "INSi, bench seconds until the results of a lot can be fetched.", _count
    )
    ins_batch_max: int = row(1000, "INSi, most identities in a lot; unconfirmed.", _positive)
    ins_quota_per_minute: int = row(
        0, "INSi, calls a software may make in a bench minute (desir_590); 0: no quota.", _count
    )
    ins_latency_median_ms: int = row(
        0,
        "INSi, median of the log-normal latency, milliseconds; 0: none.",
        _count,
    )
    ins_latency_p95_ms: int = row(
        1200, "INSi, 95th percentile of that latency, milliseconds.", _positive
    )
    ins_fault_rate: float = row(
        0.0,
        "INSi, share of calls that raise a technical error (insi_102), drawn from the seed.",
        _share,
    )
    psc_url: str = row(
        "",
        "Pro Santé Connect: scheme, name and port that the issuer is built on, such as"
        " https://psc.test:8445; empty: those that the caller used.",
        _origin,
    )
    psc_client_secret: str = row("banc", "Pro Santé Connect: secret of the ready client banc-test.")
    psc_redirect_uris: tuple[str, ...] = row(
        ("http://127.0.0.1:8090/callback", "http://localhost:8090/callback"),
        "Pro Santé Connect: redirect URIs of the ready client banc-test, separated by commas;"
        " compared exactly.",
        _names,
    )
    psc_require_state_nonce: bool = row(
        True, "Pro Santé Connect: refuse an authorization request without state or nonce.", _boolean
    )
    psc_login_seconds: int = row(
        600, "Pro Santé Connect: seconds the login page may be answered.", _positive
    )
    psc_code_seconds: int = row(
        60, "Pro Santé Connect: seconds an authorization code is valid.", _positive
    )
    psc_token_seconds: int = row(
        240, "Pro Santé Connect: seconds an access token is valid; 4 to 5 minutes there.", _positive
    )
    psc_refresh_seconds: int = row(
        1800, "Pro Santé Connect: seconds a refresh token is valid; unconfirmed.", _positive
    )
    psc_ciba_seconds: int = row(
        120,
        "Pro Santé Connect: seconds a CIBA request waits for the phone; unconfirmed.",
        _positive,
    )
    psc_ciba_interval_seconds: int = row(
        5, "Pro Santé Connect: least seconds between two polls of a CIBA request.", _positive
    )
    psc_phone: str = row(
        "ask",
        "Pro Santé Connect: what the phone does with a CIBA request: ask the tester, accept or"
        " refuse by itself.",
        one_of("ask", "accept", "refuse"),
    )
    conformance_dir: Path = row(
        Path("../shared/conformance"),
        "Official kits and examples: `banc validate` runs cda/, tests judge by all, or skip.",
        Path,
    )

    def reach(self, service: str) -> str:
        """Where the other parts find a service: dmp, ins, ror, mssante, psc, gateway, console."""
        return str(getattr(self, f"{service}_host") or self.host)


def from_env(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the environment. Raises WrongSettings with every mistake at once."""
    given = {
        name: text
        for name, text in (os.environ if environ is None else environ).items()
        if name.startswith(PREFIX)
    }
    rows = {PREFIX + item.name.upper(): item for item in fields(Settings)}
    mistakes, values = [], {}
    for name, text in sorted(given.items()):
        if name not in rows:
            mistakes.append(f"{name} is not a setting of Banc")
            continue
        try:
            values[rows[name].name] = rows[name].metadata["read"](text)
        except ValueError as error:
            mistakes.append(f"{name}={text!r}: {error}")
    if mistakes:
        raise WrongSettings(tuple(mistakes))
    return Settings(**values)


def inherited() -> dict[str, str]:
    """This process's environment without the settings, for a child that gets its own."""
    return {name: text for name, text in os.environ.items() if not name.startswith(PREFIX)}


def table() -> list[tuple[str, str, str]]:
    """The rows for the docs: variable, default, sentence."""
    return rows_of(Settings)
