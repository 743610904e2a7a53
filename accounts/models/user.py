"""The principal: a person or a service account, and what the directory says about it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.models.authored import Versioned
from accounts.models.slug import RateTier, SlugField, TierChoice

RATE_TIER_OF = {tier.value: tier.value for tier in TierChoice} | {"anonymous": "anon"}


class UserKind(models.TextChoices):
    """What a principal is."""

    USER = "user", "user"
    SERVICE = "service", "service account"


class Status(models.TextChoices):
    """Where an account stands; only an active one authenticates."""

    ACTIVE = "active", "active"
    INACTIVE = "inactive", "inactive"
    SUSPENDED = "suspended", "suspended"
    PENDING = "pending", "pending"
    DELETED = "deleted", "deleted"
    TEMPORARY = "temporary", "temporary"


class UserManager(BaseUserManager["User"]):
    """Makes accounts; everything that changes one afterwards is a service."""

    def create_user(self, username: str, email: str = "", password: str | None = None, **fields: Any) -> User:
        """Create one account; without a password it cannot sign in to the console."""
        user = self.model(username=username, email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, email: str = "", password: str | None = None, **fields: Any) -> User:
        """Create an account of tier admin that holds the staff role *owner* everywhere."""
        fields.setdefault("tier", TierChoice.ADMIN)
        with transaction.atomic(using=self._db):
            user = self.create_user(username, email, password, **fields)
            user.staff_grants.create(role="owner", granted_by="system", reason="First owner of this installation")
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(username=username)


def _slugs(help_text: str) -> ArrayField[list[str], list[str]]:
    return ArrayField(SlugField(), default=list, blank=True, help_text=help_text)


class User(AbstractBaseUser, Versioned):
    """A principal. `username` is its id in tokens, rules and records.

    Roles, groups and departments are kept by id, not by foreign key: taking a definition out of the *draft* must not
    strip anybody of it before the draft is published. A database trigger raises `epoch` with every change to tier,
    status, kind, owner, roles, groups or departments, whoever writes it and however, and announces it.
    """

    username = SlugField("username", unique=True, help_text="The principal's id in tokens, rules and records.")
    name = models.CharField(max_length=200, blank=True, default="")
    email = models.EmailField(
        "e-mail address",
        blank=True,
        default="",
        help_text="Where people write to it. Records keep it beside the id, for as long as they are kept.",
    )
    kind = models.CharField(max_length=16, choices=UserKind, default=UserKind.USER)
    status = models.CharField(
        max_length=16,
        choices=Status,
        default=Status.ACTIVE,
        help_text="Only an active account authenticates; a change is in force at once.",
    )
    tier = models.CharField(max_length=16, choices=TierChoice, default=TierChoice.USER)
    rate_tier = models.CharField(
        max_length=16,
        choices=RateTier,
        blank=True,
        default="",
        help_text="Multiplier of the rate limits. Empty: the one of the tier.",
    )
    owner = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="service_accounts",
        help_text="The person who answers for a service account; every act of it records them.",
    )
    roles = _slugs("Ids of roles.")
    groups = _slugs("Ids of groups.")
    departments = _slugs("Ids of departments.")
    epoch = models.PositiveBigIntegerField(
        default=1, editable=False, help_text="Raised with every change; older tokens are refused."
    )
    directory_revision = models.PositiveBigIntegerField(default=0, editable=False, db_index=True)
    external_subject = models.CharField(
        max_length=255, blank=True, default="", help_text="Subject at the identity provider, as `issuer|sub`."
    )
    must_change_password = models.BooleanField(default=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    secret_fields = frozenset({"password"})
    bookkeeping_fields = Versioned.bookkeeping_fields | {"directory_revision", "last_login"}

    class Meta:
        ordering = ("username",)
        indexes = (
            GinIndex(fields=["roles"], name="accounts_user_roles"),
            GinIndex(fields=["groups"], name="accounts_user_groups"),
            GinIndex(fields=["departments"], name="accounts_user_departments"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(kind=UserKind.USER) | Q(owner__isnull=False),
                name="accounts_user_service_has_owner",
                violation_error_message="A service account needs an owner.",
            ),
            models.CheckConstraint(
                condition=Q(kind=UserKind.SERVICE) | Q(owner__isnull=True),
                name="accounts_user_person_has_none",
                violation_error_message="Only a service account has an owner.",
            ),
            models.CheckConstraint(
                condition=~Q(owner=F("id")),
                name="accounts_user_not_own_owner",
                violation_error_message="An account cannot own itself.",
            ),
            models.UniqueConstraint(
                fields=["external_subject"], condition=~Q(external_subject=""), name="accounts_user_external_subject"
            ),
            models.CheckConstraint(condition=Q(kind__in=UserKind.values), name="accounts_user_kind"),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="accounts_user_status"),
            models.CheckConstraint(condition=Q(tier__in=TierChoice.values), name="accounts_user_tier"),
        )

    def __str__(self) -> str:
        return self.username

    @property
    def object_id(self) -> str:
        return self.username

    @property
    def record_names(self) -> dict[str, str]:
        """What records keep beside the id: the name and the e-mail address, where there is one."""
        known = {"principal": self.name, "email": self.email}
        return {key: name for key, name in known.items() if name}

    @property
    def user_type(self) -> str:
        """The claim `user_type`: the account's tier."""
        return self.tier

    @property
    def effective_rate_tier(self) -> str:
        """The claim `rate_limit_tier`: what is set, else the tier's own."""
        return self.rate_tier or RATE_TIER_OF[self.tier]

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """Whether the account may authenticate at all."""
        return self.status == Status.ACTIVE

    @property
    def is_staff(self) -> bool:
        """Whether the console opens for this person: any staff grant that is live now."""
        return self.is_active and self.kind == UserKind.USER and bool(self.live_grants())

    @property
    def is_superuser(self) -> bool:
        """Whether this person is an owner of the whole installation."""
        return any(grant.role == "owner" and grant.is_global for grant in self.live_grants())

    def live_grants(self) -> list[Any]:
        """The staff grants in force now, read once per instance; a fresh request has a fresh instance."""
        if not self.is_active or self.pk is None:
            return []
        cached: list[Any] | None = self.__dict__.get("_live_grants")
        if cached is None:
            cached = self.__dict__["_live_grants"] = list(self.staff_grants.all())
        now = timezone.now()
        return [grant for grant in cached if grant.is_live(now)]

    def has_perm(self, perm: str, obj: object | None = None) -> bool:
        """Whether a live staff grant gives `perm` (`app.action_model`), for this object when one is given.

        Without an object: whether any grant, whatever its scope, gives it.
        """
        return any(grant.gives(perm, obj) for grant in self.live_grants())

    def has_perms(self, perm_list: list[str] | tuple[str, ...], obj: object | None = None) -> bool:
        """Whether every one of the permissions is given."""
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        """Whether anything of this app is visible to this person."""
        return any(grant.gives_module(app_label) for grant in self.live_grants())

    def clean(self) -> None:
        """Normalise what is a set, and what the form may leave unsaid."""
        super().clean()
        self.email = type(self).objects.normalize_email(self.email)
        for field in ("roles", "groups", "departments"):
            setattr(self, field, sorted(set(getattr(self, field) or [])))

    @classmethod
    def scope_filter(cls, *, departments: frozenset[str], servers: frozenset[str]) -> Q | None:
        if not departments:
            return None
        return Q(departments__contained_by=sorted(departments)) & Q(departments__len__gt=0)

    def in_scope(self, *, departments: frozenset[str], servers: frozenset[str]) -> bool:
        return bool(self.departments) and set(self.departments) <= departments
