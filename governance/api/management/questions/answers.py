"""What questions are answered, as the API tells it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field

from governance.api.door.answers import detail_of
from governance.api.door.shapes import named, nullable
from governance.api.management.door.fields import (
    AnyField,
    ChoiceField,
    FlagField,
    FreeField,
    ManyField,
    TextField,
    WholeField,
)
from governance.api.management.door.serializers import EitherField, ObjectAnswer
from governance.engine.decision import LAYERS, Decision, Effect, Outcome


@extend_schema_field(nullable(named("Detail")))
class DetailField(AnyField):
    """The path that decided and what would pass, where the reader may know."""

    def to_representation(self, decision: Decision) -> dict[str, Any] | None:
        """As the decision's own answer tells it."""
        return detail_of(decision)


class ForStaffAnswer(ObjectAnswer):
    """An answer whose optional fields are for staff: others, by `staff` of the context, see those that are required."""

    def get_fields(self) -> dict[str, Any]:
        """The fields that the reader may see."""
        staff = self.context.get("staff", True)
        return {name: field for name, field in super().get_fields().items() if staff or field.required}


class MicrosField(WholeField):
    """Nanoseconds, told in microseconds."""

    def to_representation(self, value: int) -> int:
        """In microseconds."""
        return value // 1000


class LayerAnswer(ForStaffAnswer):
    """One layer's outcome."""

    layer = ChoiceField(LAYERS)
    outcome = ChoiceField(Outcome)
    micros = MicrosField(source="nanos", required=False, help_text="Staff only.")
    evidence = FreeField(required=False, help_text="Staff only.")


class ObligationAnswer(ObjectAnswer):
    """What must be done with an allowed call."""

    type = TextField()
    paths = ManyField(child=TextField())


class DecisionAnswer(ForStaffAnswer):
    """A decision; the last keys say what decided."""

    decision = ChoiceField(Effect, source="effect")
    layer = TextField(allow_null=True)
    code = TextField(allow_null=True)
    reason = TextField()
    detail = DetailField(source="*")
    layers = LayerAnswer(many=True)
    obligations = ObligationAnswer(many=True)
    rule = TextField(allow_null=True, required=False, help_text="Staff only.")
    matched = ManyField(child=TextField(), required=False)
    shadowed = ManyField(child=TextField(), required=False)
    asks = ManyField(child=TextField(), required=False)
    exemptions = ManyField(child=TextField(), required=False)
    hidden = FlagField(
        source="masked", required=False, help_text="Staff only: the caller is told that there is no such entity."
    )


class RemedyAnswer(ObjectAnswer):
    """The nearest change that would make a call pass."""

    path = TextField()
    fix = TextField()
    rule = TextField(allow_null=True)


class PolicyAnswer(ObjectAnswer):
    """The policy that decided."""

    release = WholeField()
    digest = TextField()


class PartAnswer(ObjectAnswer):
    """One part of a condition; null where it cannot be evaluated."""

    source_ = TextField()
    value = FlagField(allow_null=True)


class ConsideredAnswer(ObjectAnswer):
    """One rule that names the entity, and how it turns out."""

    rule = TextField()
    effect = ChoiceField(Effect)
    shadow = FlagField()
    matches = FlagField()
    subjects = FlagField(help_text="Whether the caller is meant, `except` counted in.")
    window = FlagField()
    parameters = TextField(allow_null=True, help_text="The refused pointer.")
    condition = FlagField(allow_null=True, help_text="null: it cannot be evaluated.")
    parts = PartAnswer(many=True)


class ExplanationAnswer(ObjectAnswer):
    """Why a call is decided so."""

    policy = PolicyAnswer(source="decision")
    decision = DecisionAnswer()
    considered = ConsideredAnswer(many=True)
    omitted = WholeField()
    nearest = RemedyAnswer(allow_null=True)


class RecordedExplanationAnswer(ObjectAnswer):
    """Why a recorded decision came out so; the policy for staff alone."""

    id = TextField(described={"format": "uuid"})
    at = TextField(described={"format": "date-time"})
    decision = DecisionAnswer()
    nearest = RemedyAnswer(allow_null=True)
    policy = PolicyAnswer(allow_null=True)


class FaultAnswer(ObjectAnswer):
    """One fault of a draft."""

    path = TextField()
    message = TextField()


class FaultsAnswer(ObjectAnswer):
    """Why the draft decides nothing."""

    errors_ = FaultAnswer(many=True)


class SideField(EitherField):
    """What one policy says."""

    kinds = (ExplanationAnswer, FaultsAnswer)


class SimulationAnswer(ObjectAnswer):
    """What is in force and the draft, side by side."""

    current = SideField()
    draft = SideField()
    differ = FlagField()


class WhyNotAnswer(ObjectAnswer):
    """The decision, and what would make the call pass."""

    decision = ChoiceField(Effect, source="decision.effect")
    layer = TextField(allow_null=True, source="decision.layer")
    code = TextField(allow_null=True, source="decision.code")
    nearest = RemedyAnswer(allow_null=True)


class RightAnswer(ObjectAnswer):
    """One cell of who may do what."""

    principal = TextField()
    kind = TextField()
    id = TextField()
    effect = ChoiceField(Effect)
    conditional = FlagField(help_text="Arguments decide.")
    code = TextField(allow_null=True)
    rules = ManyField(child=TextField())


class RightsAnswer(ObjectAnswer):
    """One page of them."""

    rights = RightAnswer(many=True)
    next = TextField(allow_null=True, help_text="What `after` takes for the next page.")
