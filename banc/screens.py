"""Banc, screens: tables and progress bars of the command line.

Not here: computing anything; a screen shows what it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from kit.settings import Settings

PIPE_WIDTH = 160
OUTCOME_STYLE = {
    "accepted": "green",
    "refused": "yellow",
    "malformed": "red",
    "unauthorized": "magenta",
    "injected": "cyan",
    "bug": "bold red",
}
VERDICT = {
    "attained": ("atteint", "green"),
    "not_attained": ("non atteint", "red"),
    "not_measurable": ("non mesurable", "yellow"),
    "not_applicable": ("sans objet", "dim"),
}


EXPECTATION = {
    "held": ("tenue", "green"),
    "missed": ("manquée", "yellow"),
    "not_judged": ("injugeable", "red"),
}


def terminal(*, stderr: bool = False) -> Console:
    """The terminal; in a file or a pipe, addresses and paths stay whole."""
    made = Console(stderr=stderr)
    if not made.is_terminal:
        made.width = max(made.width, PIPE_WIDTH)
    return made


def addresses(settings: Settings) -> RenderableType:
    """The one table of ``banc up``: service, URL, what it demands; then certificates."""
    from banc.parts import parts

    table = Table(title="Services", title_justify="left")
    for name in ("Service", "Listener", "URL, and what the connection demands"):
        table.add_column(name, overflow="fold")
    for part in parts(settings):
        for address in part.addresses:
            where = Text(address.url + "\n").append(address.access, style="dim")
            table.add_row(part.title, address.label, where)
    return Group(table, certificates(settings))


def certificates(settings: Settings) -> RenderableType:
    """Credentials ready for a first try: certificate files and a mailbox."""
    from banc.credentials import ready

    table = Table(title="Credentials", title_justify="left")
    for name in ("What", "Value"):
        table.add_column(name, overflow="fold")
    for what, value in ready(settings):
        table.add_row(what, value)
    return table


class _Bars:
    """One bar an establishment."""

    def __init__(self, progress: Progress, days: float) -> None:
        self._progress = progress
        self._days = days
        self._tasks: dict[str, Any] = {}

    def __call__(self, step: Any) -> None:
        name = step.establishment
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=max(step.expected, 1), note="")
        note = f"{step.simulated_at:%d/%m %Hh} {step.refused} refused {step.waiting} due"
        self._progress.update(
            self._tasks[name], completed=step.delivered, total=max(step.expected, 1), note=note
        )


@contextmanager
def playing(console: Console, scenario: Any) -> Iterator[Callable[[Any], None]]:
    """Progress of a play; gives the function to call at each step."""
    columns = (
        TextColumn("{task.description:<26.26}"),
        BarColumn(bar_width=12),
        TextColumn("{task.completed:>4.0f}/{task.total:.0f}"),
        TextColumn("{task.fields[note]}", style="dim"),
    )
    console.print(f"Playing [bold]{scenario.title}[/]: {scenario.days} simulated days")
    with Progress(*columns, console=console, refresh_per_second=4) as progress:
        yield _Bars(progress, scenario.days)


def run(found: Any) -> RenderableType:
    """What a play did, by channel; then the identities of each establishment."""
    table = Table(title=f"Run {found.folder}", title_justify="left")
    for name in ("Channel", "Delivered", "Refused", "Abandoned", "Retries"):
        table.add_column(name, justify="left" if name == "Channel" else "right")
    for row in found.channels:
        table.add_row(
            row.channel, str(row.delivered), str(row.refused), str(row.abandoned), str(row.retries)
        )
    told = Text(f"{found.deliveries} deliveries in {found.duration_s:.1f} s")
    return Group(table, told, _identities(found.identities))


def _identities(figures: Sequence[Mapping[str, Any]]) -> RenderableType:
    """The figures of each identity unit: count, then the share."""
    blocks = [Text("\nIdentités (identitovigilance)", style="bold")]
    for row in figures:
        lines = (
            f"IN-INSI {_share(row['in_insi'])}   Qualifiées {_share(row['qualified'])}",
            f"Doublons {_share(row['duplicates'])}   Collisions {_share(row['collisions'])}",
            f"Réponses d'INSi {_answers(row['answers'])}",
            f"Délai de qualification {_delay(row['delay'])}",
            f"Déjà connus {_share(row['known'])}   Reconnus {_share(row['recognised'])}",
            f"Envois retenus, identité non qualifiée {_withheld(row['withheld'])}",
        )
        told = Text(f"  {row['name']}", style="cyan")
        for line in lines:
            told.append(f"\n    {line}", style="default")
        blocks.append(told)
    return Group(*blocks)


def _share(ratio: Mapping[str, Any]) -> str:
    return f"{ratio['numerator']}/{ratio['denominator']} ({_percent(ratio['value'])})"


def _answers(by_channel: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    """How many of each answer of INSi, whatever the channel the traits came by."""
    counts: dict[str, int] = {}
    for row in by_channel.values():
        for answer, ratio in row.items():
            name = "panne" if answer == "fault" else answer
            counts[name] = counts.get(name, 0) + ratio["numerator"]
    return ", ".join(f"{name} : {count}" for name, count in counts.items() if count)


def _withheld(found: Mapping[str, int]) -> str:
    """How many were withheld, and what became of them."""
    if not found["withheld"]:
        return "0"
    ends = {"envoyés ensuite": "sent_late", "jamais": "never", "repris sans succès": "otherwise"}
    told = (f"{label} {found[name]}" for label, name in ends.items())
    return f"{found['withheld']} : " + ", ".join(told)


def _delay(delay: Mapping[str, Any]) -> str:
    """From admission to a qualified identity, over the stays that began within the run."""
    if delay["median_minutes"] is None:
        return _share(delay)
    middle, late = (_number(delay[name]) for name in ("median_minutes", "p90_minutes"))
    return f"{_share(delay)}, médiane {middle} min, p90 {late} min"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{_number(value * 100)} %"


def _number(value: float) -> str:
    return f"{value:.1f}".replace(".", ",")


def indicators(measurement: Any) -> RenderableType:
    """The indicators, a block each: numerator, denominator, value, interval, target, verdict."""
    head = Text(f"Indicateurs, catalogue {measurement.catalogue_version}", style="bold")
    blocks: list[RenderableType] = [head]
    by_code: dict[str, list[Any]] = {}
    for result in measurement.results:
        by_code.setdefault(result.code, []).append(result)
    for results in by_code.values():
        blocks += [_indicator_head(results[0]), _indicator_rows(results), *_unmeasured(results)]
    return Group(*blocks)


def expectations(judged: Sequence[Any]) -> RenderableType:
    """What the scenario expected, a line each: held, missed, or why it cannot be judged."""
    if not judged:
        return Text("")
    blocks = [Text("\nAttentes du scénario", style="bold")]
    for item in judged:
        label, style = EXPECTATION[item.outcome]
        told = Text(f"  {label:<11}", style=style)
        told.append(f"{item.indicator}  {item.establishment or 'ensemble'}", style="default")
        told.append(f"\n    attendu : {item.expected} ; mesuré : {item.measured or '-'}", "default")
        if item.why:
            told.append(f"\n    {item.why} [{item.place}]", style=style)
        blocks.append(told)
    return Group(*blocks)


def _unmeasured(results: Sequence[Any]) -> Iterator[Text]:
    """Why there is no verdict, each reason once."""
    silent = ("not_measurable", "not_applicable")
    for reason in dict.fromkeys(item.reason for item in results if item.verdict in silent):
        yield Text(f"    {reason}", style="dim")


def _indicator_head(result: Any) -> Text:
    text = Text("\n")
    text.append(f"{result.code}  ", style="bold cyan")
    text.append(result.label_fr)
    text.append(f"  (cible {_target(result)})", style="dim")
    return text


def _indicator_rows(results: Sequence[Any]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(width=26, no_wrap=True, overflow="ellipsis")
    for width in (11, 7, 15):
        table.add_column(width=width, no_wrap=True, justify="right")
    table.add_column(no_wrap=True)
    for result in results:
        table.add_row(*_indicator(result))
    return table


def _indicator(result: Any) -> Sequence[RenderableType]:
    label, style = VERDICT[result.verdict]
    is_ratio = result.den is not None
    interval = (
        f"[{_number(result.wilson_lo * 100)} ; {_number(result.wilson_hi * 100)}]"
        if result.wilson_lo is not None
        else ""
    )
    return (
        "  " + (result.establishment or "ensemble"),
        f"{result.num} / {result.den}" if is_ratio else _counted(result),
        _percent(result.value) if is_ratio else "",
        Text(interval, style="dim"),
        Text(label, style=style),
    )


def _counted(result: Any) -> str:
    if isinstance(result.target, bool):
        return "oui" if result.num else "non"
    return str(result.num)


def _target(result: Any) -> str:
    if isinstance(result.target, bool):
        return "oui"
    sign = {"<=": "≤", ">=": "≥"}.get(result.comparator, result.comparator)
    return f"{sign} {_percent(result.target)}" if result.den is not None else f"≥ {result.target}"


def exchange(line: Mapping[str, Any]) -> RenderableType:
    """One journal line, and what it was refused for."""
    text = Text(f"{line['received_at'][11:23]}Z ")
    text.append(f"{line['outcome']:<12} ", style=OUTCOME_STYLE.get(line["outcome"], ""))
    text.append(f"{line['service']:<8}{line['transaction']:<24} {line['duration_ms']:>8.1f} ms  ")
    text.append(f"{line['finess']} {line['type_code']} {line['id']}")
    for refusal in line["refusals"]:
        text.append(f"\n    {refusal.get('code', '')}: {_explained(refusal)}", style="yellow")
    return text


def _explained(refusal: Mapping[str, str]) -> str:
    parts = [refusal.get("rule", "").replace("_", " ")]
    parts += [
        f"{name} {refusal[name]}"
        for name in ("subject", "field", "seen", "expected", "source")
        if refusal.get(name)
    ]
    return "; ".join(parts)


def fed(results: Sequence[Any]) -> RenderableType:
    """What became of each document fed."""
    table = Table(title="Documents fed to the DMP", title_justify="left")
    for name in ("File", "Type", "Verdict", "Why"):
        table.add_column(name, overflow="fold")
    for result in results:
        why = "\n".join(_explained(item) for item in result.refusals) or result.note
        verdict = Text("accepted", "green") if result.accepted else Text("refused", "yellow")
        table.add_row(result.file.name, result.type_code, verdict, why)
    return table


def load(report: Any) -> RenderableType:
    """A load profile's result, one row a kind of request, and the thresholds."""
    table = Table(title=f"Profile {report.profile}", title_justify="left")
    for name in ("Request", "Count", "Failures", "p50 ms", "p95 ms", "a second"):
        table.add_column(name, justify="left" if name == "Request" else "right")
    for row in report.rows:
        table.add_row(
            row.name, str(row.count), str(row.failures), f"{row.p50_ms:.0f}", f"{row.p95_ms:.0f}",
            f"{row.per_second:.1f}",
        )  # fmt: skip
    verdicts = [
        Text(f"{'ok    ' if item.held else 'missed'} {item.text}", "green" if item.held else "red")
        for item in report.thresholds
    ]
    errors = [Text(f"error  {text}", "yellow") for text in report.errors]
    return Group(table, *verdicts, *errors)
