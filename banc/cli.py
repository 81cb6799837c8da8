"""Banc, command line: the verbs. Each one hands over at once and prints.

Not here: any work. Errors a user can mend are one line on standard error and exit code 2.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from banc import document_verbs, screens, trust_verbs
from banc.bench import Bench, CannotStart
from banc.validation.verb import validate
from kit.settings import Settings, WrongSettings, from_env

app = typer.Typer(
    name="banc",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="National test bench for French hospital software: DMP, MSSanté, ROR, INS.",
)
app.add_typer(trust_verbs.pki, name="pki")
app.add_typer(trust_verbs.vihf, name="vihf")
app.add_typer(trust_verbs.datamatrix, name="datamatrix")
app.command()(validate)
app.command("document")(document_verbs.document)
out = screens.terminal()
err = screens.terminal(stderr=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, see docs/json.md.")]
Strict = Annotated[
    bool, typer.Option("--strict", help="Exit 1 when an expectation is missed or not judged.")
]
WRONG_USE = 2


class Stop(Exception):
    """A mistake the user can mend: printed as it is, exit code 2."""


def main() -> None:
    """Run the command line."""
    try:
        app(standalone_mode=True)
    except (Stop, CannotStart) as error:
        err.print(f"banc: {error}", style="red", highlight=False, soft_wrap=True)
        sys.exit(WRONG_USE)
    except WrongSettings as error:
        for mistake in error.mistakes:
            err.print(f"banc: setting {mistake}", style="red", highlight=False, soft_wrap=True)
        sys.exit(WRONG_USE)
    except KeyboardInterrupt:
        sys.exit(130)


@app.command()
def up() -> None:
    """Start all socles and the console, print where they are, run until Ctrl-C."""
    settings = from_env()
    with _bench(settings) as bench:
        out.print(screens.addresses(settings))
        out.print("Ctrl-C stops the bench.")
        _wait(bench)


def _wait(bench: Bench) -> None:
    if not bench.wait():
        raise Stop("the bench stopped; see " + str(bench.settings.data_dir / "log"))
    err.print("\nStopping.", style="yellow")


@contextmanager
def _bench(settings: Settings) -> Iterator[Bench]:
    from banc.parts import parts, pki_of

    bench = Bench(settings, parts(settings))
    began = time.monotonic()
    with out.status("Preparing the test authority…"):
        from banc.bench import check_can_start

        check_can_start(settings, bench.parts)
        pki_of(settings)
    bench.start(lambda part: err.print(f"  {part.title} ready", style="green"))
    err.print(f"Bench ready in {time.monotonic() - began:.1f} s", style="green")
    try:
        yield bench
    finally:
        bench.stop()


@contextmanager
def _reachable_bench(settings: Settings) -> Iterator[None]:
    """The bench that runs already, or one for as long as the block."""
    from banc.parts import parts

    if all(part.is_ready(settings) for part in parts(settings)):
        yield
        return
    err.print("No bench is running: starting one for this command.", style="yellow")
    with _bench(settings):
        yield


@app.command()
def play(
    scenario: Annotated[Path, typer.Argument(help="A scenario file, YAML.")],
    seed: Annotated[int | None, typer.Option(help="Another seed than the scenario's.")] = None,
    out_dir: Annotated[Path | None, typer.Option("--out", help="Folder of the run.")] = None,
    reset: Annotated[bool, typer.Option(help="Empty the bench first.")] = False,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """Simulate hospitals, deliver what they produce over the wire, judge what was expected."""
    from indicators.measure import measure as measure_run

    settings = from_env()
    checked = _scenario(scenario)
    with _reachable_bench(settings):
        run = _play(settings, checked, seed=seed, out_dir=out_dir, reset=reset)
    judged = measure_run(run.folder).judgements if checked.expect else ()
    if as_json:
        told = run.as_dict() | {"expectations": [item.as_dict() for item in judged]}
        print(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        out.print(screens.run(run))
        out.print(screens.expectations(judged))
    raise typer.Exit(_strictly(judged) if strict else 0)


def _strictly(judged: Sequence[Any]) -> int:
    """1 when an expectation is missed or cannot be judged."""
    return int(any(item.outcome != "held" for item in judged))


def _scenario(path: Path) -> Any:
    """A scenario whose expectations can be judged with the catalogue."""
    from indicators.catalogue import load_catalogue
    from indicators.judge import mistakes, read_expected
    from simulator.scenario import WrongScenario, load

    try:
        found = load(path)
        expect = read_expected([item.as_dict() for item in found.expect])
        if wrong := tuple(mistakes(expect, load_catalogue())):
            raise WrongScenario(wrong)
        return found
    except WrongScenario as error:
        raise Stop("\n  ".join([f"scenario {path} cannot be played:", *error.mistakes])) from None


def _play(
    settings: Settings, scenario: Any, *, seed: int | None, out_dir: Path | None, reset: bool
) -> Any:
    from banc.control import journal_size, reset_bench
    from simulator import run
    from simulator.delivery import NoAnswer

    if reset:
        reset_bench(settings)
    elif journal_size(settings):
        raise Stop("the bench already holds exchanges; add --reset, or run `banc reset` first")
    chosen = scenario.seed if seed is None else seed
    folder = out_dir or settings.data_dir / "runs" / f"{scenario.name}-{chosen}"
    try:
        with screens.playing(err, scenario) as progress:
            return run.play(scenario, settings, seed=seed, out=folder, on_progress=progress)
    except (NoAnswer, OSError) as error:
        raise Stop(f"the bench stopped answering while the scenario was played: {error}") from None


@app.command()
def measure(
    run: Annotated[Path, typer.Argument(help="Folder of a run (banc play --out).")],
    programme: Annotated[str | None, typer.Option(help="HOPEN, SUNES or NAT.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure the indicators of a run from what went over the wire."""
    from indicators.measure import NotARun, UnknownProgramme
    from indicators.measure import measure as measure_run

    try:
        measurement = measure_run(run, programme=programme)
    except (NotARun, UnknownProgramme) as error:
        raise Stop(str(error)) from None
    if as_json:
        print(json.dumps(measurement.as_dict(), ensure_ascii=False, indent=2))
    else:
        out.print(screens.indicators(measurement))
        out.print(screens.expectations(measurement.judgements))


@app.command()
def feed(
    files: Annotated[list[Path], typer.Argument(help="CDA documents.")],
    read_back: Annotated[bool, typer.Option(help="Retrieve what was accepted, compare.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send existing CDA documents to the DMP as an integrator's software would."""
    from banc.feed import feed as feed_files

    settings = from_env()
    missing = [str(path) for path in files if not path.is_file()]
    if missing:
        raise Stop("no such file: " + ", ".join(missing))
    with _reachable_bench(settings):
        results = list(feed_files(files, settings, read_back=read_back))
    if as_json:
        told = [result.as_dict() for result in results]
        print(json.dumps({"documents": told}, ensure_ascii=False, indent=2))
    else:
        out.print(screens.fed(results))
    if any(not result.accepted for result in results):
        raise typer.Exit(1)


@app.command()
def journal(
    follow: Annotated[bool, typer.Option("--follow", help="Go on with new exchanges.")] = False,
    service: Annotated[str, typer.Option(help="dmp, ins, ror, mssante, psc or gateway.")] = "",
    outcome: Annotated[str, typer.Option(help="accepted, refused, malformed…")] = "",
    transaction: Annotated[str, typer.Option(help="TD2.1, ITI-65, WS_INS2, SMTP.DATA…")] = "",
    finess: Annotated[str, typer.Option(help="FINESS of an establishment.")] = "",
    code: Annotated[str, typer.Option(help="An error code.")] = "",
    limit: Annotated[int, typer.Option(help="Most lines at the start.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show exchanges, filtered."""
    from banc.control import NotRunning, lines

    settings = from_env()
    filters = {"outcome": outcome, "transaction": transaction, "finess": finess, "code": code}
    try:
        for line in lines(settings, service=service, limit=limit, follow=follow, **filters):
            if as_json:
                print(json.dumps(line, ensure_ascii=False), flush=True)
            else:
                out.print(screens.exchange(line), soft_wrap=True)
    except NotRunning as error:
        raise Stop(str(error)) from None


@app.command()
def reset() -> None:
    """Empty stores and journals, disarm faults, let the clock follow real time."""
    from banc.control import NotRunning, reset_bench

    try:
        reset_bench(from_env())
    except NotRunning as error:
        raise Stop(str(error)) from None
    out.print("The bench is empty.")


@app.command()
def demo(
    leave: Annotated[bool, typer.Option("--exit", help="End after the table.")] = False,
    scenario: Annotated[Path, typer.Option(help="What to play.")] = Path(
        "scenarios/premiere-semaine.yaml"
    ),
    strict: Strict = False,
) -> None:
    """Start everything, play a week, measure, print the indicators; what ``make run`` does."""
    from indicators.measure import measure as measure_run

    settings = from_env()
    checked = _scenario(scenario)
    with _bench(settings) as bench:
        run = _play(settings, checked, seed=None, out_dir=None, reset=True)
        out.print(screens.run(run))
        measurement = measure_run(run.folder)
        out.print(screens.indicators(measurement))
        out.print(screens.expectations(measurement.judgements))
        if leave:
            is_missed = strict and _strictly(measurement.judgements)
            raise typer.Exit(1 if is_missed or not measurement.results else 0)
        out.print(screens.addresses(settings))
        out.print(f"Console: http://{settings.host}:{settings.console_port}  (Ctrl-C stops)")
        _wait(bench)


@app.command(hidden=True)
def part(name: str) -> None:
    """Run one part in the foreground; what a container does."""
    from banc.bench import check_can_start
    from banc.parts import part as find_part
    from banc.parts import pki_of
    from kit.database import OtherRelease

    settings = from_env()
    try:
        found = find_part(name, settings)
    except KeyError:
        raise Stop(f"there is no part {name!r}") from None
    check_can_start(settings, (found,))
    pki_of(settings)
    try:
        found.run(settings)
    except OtherRelease as error:
        raise Stop(str(error)) from None


@app.command()
def load(
    profile: Annotated[str, typer.Argument(help="A profile of loadtests/profiles.")] = "smoke",
    as_json: AsJson = False,
) -> None:
    """Play a load profile against the bench, headless; exit 1 when a threshold is missed."""
    from loadtests.headless import CannotLoad, run_profile

    settings = from_env()
    try:
        with _reachable_bench(settings):
            report = run_profile(profile, settings)
    except CannotLoad as error:
        raise Stop(str(error)) from None
    if as_json:
        print(json.dumps(report.as_dict(), ensure_ascii=False, indent=2))
    else:
        out.print(screens.load(report))
    raise typer.Exit(0 if report.passed else 1)


if __name__ == "__main__":
    main()
