"""Finds everything that is wrong with a document, at once: findings are data, and no document makes it raise."""

from collections.abc import Callable, Iterator

from pydantic import JsonValue

from engine.core.catalogue import Catalogue
from engine.core.document import Document
from engine.core.problem import Problem
from engine.core.validation import config_check, dataflow, expressions_check, reading, rules, soundness
from engine.core.validation.view import View

Rule = Callable[[View], Iterator[Problem]]

RULES: tuple[Rule, ...] = (
    rules.identity,
    rules.known_node_types,
    rules.known_ends,
    rules.one_start,
    rules.some_end,
    rules.nothing_leads_into_start,
    rules.nothing_leaves_an_end,
    soundness.all_reachable,
    soundness.all_have_a_way_out,
    soundness.all_can_end,
    rules.decisions_choose,
    rules.ways_are_told_apart,
    rules.conditions_stand_where_they_belong,
    rules.timeouts_can_happen,
    rules.forks_nest,
    rules.branches_keep_to_their_names,
    rules.joins_wait_for_branches_that_exist,
    config_check.configs_fit,
    config_check.schemas_are_schemas,
    config_check.tools_exist,
    config_check.providers_exist,
    config_check.arguments_fit,
    config_check.webhooks_are_waited_for,
    expressions_check.expressions_fit,
    expressions_check.inputs_exist,
    dataflow.variables_are_written_first,
    rules.failures_are_taken_up,
    soundness.loops_rest,
    dataflow.variables_are_read,
    config_check.secrets_stay_out,
)


def find_problems(data: JsonValue | Document, catalogue: Catalogue) -> list[Problem]:
    """Every problem of a document, so that its author can fix them in one pass; without errors it is sound.

    The same data gives the same list, rule by rule and in document order.
    """
    if isinstance(data, Document):
        return [*reading.size_problems(data), *_apply_rules(data, catalogue)]
    found = reading.read(data)
    if found.document is not None:
        return _apply_rules(found.document, catalogue)
    if found.mended is None:
        return found.problems
    rest = _apply_rules(found.mended, catalogue)
    return found.problems + [problem for problem in rest if not found.explains(problem)]


def _apply_rules(document: Document, catalogue: Catalogue) -> list[Problem]:
    view = View(document, catalogue)
    return [problem for rule in RULES for problem in rule(view)]
