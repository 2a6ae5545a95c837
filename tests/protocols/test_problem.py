"""RFC 9457: the body of an error, with its members and nothing else."""

import msgspec

from creditbridge.protocols.problem import FieldProblem, Problem


def test_a_problem_says_what_its_code_says() -> None:
    """Type and title follow from the code; members without a value are absent."""
    problem = Problem(status=403, code="consent-missing", detail="There is no such consent.")

    assert problem.encode() == (
        b'{"type":"https://creditbridge.example/problems/consent-missing",'
        b'"title":"Consent missing","status":403,"detail":"There is no such consent.",'
        b'"code":"consent-missing"}'
    )


def test_a_problem_may_have_every_member() -> None:
    """Given members are kept as they are, the places of the request in order."""
    problem = Problem(
        type="https://creditbridge.example/problems/other",
        title="Other",
        status=400,
        detail="Two members are wrong.",
        code="json-malformed",
        instance="evt_1",
        interaction_id="c3d4",
        errors=(
            FieldProblem(pointer="/purpose", detail="Not a purpose."),
            FieldProblem(pointer="", detail="Too large."),
        ),
    )

    assert msgspec.json.decode(problem.encode()) == {
        "type": "https://creditbridge.example/problems/other",
        "title": "Other",
        "status": 400,
        "detail": "Two members are wrong.",
        "code": "json-malformed",
        "instance": "evt_1",
        "interaction_id": "c3d4",
        "errors": [
            {"pointer": "/purpose", "detail": "Not a purpose."},
            {"pointer": "", "detail": "Too large."},
        ],
    }
