"""What the law leaves to the place: the operator's settings for serving and flagging."""

import msgspec

from creditbridge.profile.codes import SectionCode


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """The strictest reading by default.

    `simple_procedure_items`: catalogue items under which penalties in simple procedure are listed,
    and so shown as BASIC. `hides_not_final`: a decision that can still be appealed is not shown at
    all. `withheld_sections`: classes that the place never gives to banks. `serious_months`: how far
    back a serious penalty raises its flag. `expiring_days`: how long before its end a licence is
    EXPIRING. `headcount_drop_percent`: what fall of the insured within a year raises its flag.
    `copy_age_seconds_max`: how old our own copy of
    adverse sections may be at delivery (APL 48).
    """

    simple_procedure_items: frozenset[str] = frozenset()
    hides_not_final: bool = False
    withheld_sections: frozenset[SectionCode] = frozenset()
    serious_months: int = 24
    expiring_days: int = 60
    headcount_drop_percent: int = 30
    copy_age_seconds_max: int = 86_400

    @property
    def rule_version(self) -> str:
        """The flags' rules and thresholds, as each flag carries them."""
        # With the thresholds in it: the same records may raise a flag in one place and not in
        # another.
        return (
            f"flags-2;serious_months={self.serious_months};expiring_days={self.expiring_days}"
            f";headcount_drop_percent={self.headcount_drop_percent}"
        )


DEFAULT_POLICY = Policy()
