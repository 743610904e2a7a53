"""Lifecycle hooks: what else runs around a call, and can only tighten its answer."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from accounts.models.authored import Authored
from accounts.models.slug import Sensitivity, SlugField
from governance.models.entities.server import empty
from governance.models.field import Mode, StringSet


class HookEvent(models.TextChoices):
    """What a hook fires on."""

    PRE_TOOL_USE = "PreToolUse", "PreToolUse"
    POST_TOOL_USE = "PostToolUse", "PostToolUse"
    POST_TOOL_USE_FAILURE = "PostToolUseFailure", "PostToolUseFailure"
    SESSION_START = "SessionStart", "SessionStart"
    SESSION_END = "SessionEnd", "SessionEnd"
    USER_PROMPT_SUBMIT = "UserPromptSubmit", "UserPromptSubmit"
    NOTIFICATION = "Notification", "Notification"
    STOP = "Stop", "Stop"
    SUBAGENT_START = "SubagentStart", "SubagentStart"
    SUBAGENT_STOP = "SubagentStop", "SubagentStop"


class HookType(models.TextChoices):
    """What runs."""

    COMMAND = "command", "a registered executable"
    PROMPT = "prompt", "a question to a model"
    AGENT = "agent", "a registered agent"


class OnFailure(models.TextChoices):
    """What a run that failed means."""

    BLOCK = "block", "block the call"
    ALLOW = "allow", "let it pass"


class HookCategory(models.TextChoices):
    """System hooks run first, with a time budget of their own, and always block on failure."""

    SYSTEM = "system", "system"
    CUSTOM = "custom", "custom"


class Hook(Authored):
    """One hook. Matchers are names or globs separated by `|`, or `re:` and an anchored RE2 expression."""

    name = models.CharField(max_length=200, blank=True, default="")
    description = models.TextField(blank=True, default="")
    version = models.CharField(max_length=64, blank=True, default="")
    enabled = models.BooleanField(default=True)
    mode = models.CharField(max_length=8, choices=Mode, default=Mode.ENFORCE)
    event = models.CharField(max_length=32, choices=HookEvent)
    matcher = models.CharField(
        max_length=1_000, default="*", help_text="Against `server/tool` and the client's own name."
    )
    type = models.CharField(max_length=8, choices=HookType)
    command = SlugField(blank=True, default="", help_text="Name of an executable that an operator registered.")
    prompt = models.TextField(blank=True, default="", help_text="The question. Arguments are redacted.")
    endpoint = SlugField(blank=True, default="", help_text="Name of a model endpoint that an operator listed.")
    agent = SlugField(blank=True, default="", help_text="Id of the agent that is called.")
    asynchronous = models.BooleanField("async", default=False, help_text="Runs afterwards and cannot stop a call.")
    timeout = models.PositiveSmallIntegerField(
        default=5, validators=[MinValueValidator(1), MaxValueValidator(30)], help_text="Seconds, 1 to 30."
    )
    on_failure = models.CharField(max_length=8, choices=OnFailure, default=OnFailure.BLOCK)
    category = models.CharField(max_length=8, choices=HookCategory, default=HookCategory.CUSTOM)
    max_sensitivity = models.CharField(
        max_length=16,
        choices=Sensitivity,
        default=Sensitivity.INTERNAL,
        help_text="For prompt and agent: the most sensitive call it may see.",
    )
    tags = StringSet(help_text="Words to find it by.")
    visible_to = models.JSONField(
        blank=True, default=empty, help_text="Who sees and receives it; never for whom it fires."
    )
    plugin = SlugField(blank=True, default="", help_text="Fires only for calls to this plugin's parts.")

    class Meta:
        ordering = ("slug",)
