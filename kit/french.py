"""Kit, french: the French sentence of a rule, for the people who read the pages.

Beside the rules of a package lies ``french.yaml``: name of a rule -> sentence. The name stays the
identifier, on the wire and in the API; the sentence is looked up only when something is shown or
noted. Not here: the sentences, the rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import yaml

TABLE = "french.yaml"


@cache
def sentences(package: str) -> Mapping[str, str]:
    """The table of a package: name of a rule -> sentence; empty when it has none."""
    table = files(package) / TABLE if package else None
    return yaml.safe_load(table.read_text("utf-8")) if table and table.is_file() else {}


def sentence_of(package: str, rule: str) -> str:
    """The sentence of a rule, or nothing. rule: its name, with underscores or with spaces."""
    return sentences(package).get(rule.replace(" ", "_"), "")
