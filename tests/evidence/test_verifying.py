"""The verdict on a pack."""

from creditbridge.evidence.model import Result, StepState, Strength
from creditbridge.evidence.pins import Pins
from creditbridge.evidence.verifying import verify_pack


def test_a_delivered_report_verifies_step_by_step(pack: bytes, pins: Pins, profile: bytes) -> None:
    """Fifteen steps, each with what it rests on."""
    verdict = verify_pack(pack, pins, profile)

    assert [(step.name, step.strength) for step in verdict.steps] == [
        ("archive", Strength.DIGEST),
        ("openings", Strength.DIGEST),
        ("checkpoint", Strength.LOG_SIGNED),
        ("inclusion", Strength.LOG_PROVEN),
        ("receipt", Strength.GATEWAY_SIGNED),
        ("request", Strength.BANK_SIGNED),
        ("chain", Strength.LOG_PROVEN),
        ("consent", Strength.GATEWAY_SIGNED),
        ("approver", Strength.LOG_PROVEN),
        ("coverage", Strength.REPLAYED),
        ("queries", Strength.GATEWAY_SIGNED),
        ("answers", Strength.PLATFORM_SIGNED),
        ("messages", Strength.DIGEST),
        ("end", Strength.LOG_PROVEN),
        ("profile", Strength.GATEWAY_SIGNED),
    ]
    assert verdict.result is Result.VALID
    assert all(step.state is StepState.PASSED for step in verdict.steps)
