"""The stand's command lines where no stand is up, and where one cannot be."""

from pathlib import Path

import pytest

from creditbridge.cli import main


def run(*words: str) -> int:
    """Run a command and return its exit status."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_without_a_stand_there_is_no_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And it says what to start."""
    words = ("conformance-config", "--variant", "mtls+mtls", "--folder", str(tmp_path))

    assert run(*words) == 2
    assert "serve --conformance" in capsys.readouterr().err


def test_a_stand_without_its_recipe_does_not_come_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It needs certificates; what an earlier stand left in the folder is gone."""
    folder = tmp_path / "stand"
    folder.mkdir()
    (folder / "stand.json").write_text("{}")
    recipe = str(tmp_path / "no-recipe.py")

    assert run("serve", "--conformance", "--folder", str(folder), "--recipe", recipe) == 1
    assert "did not come up" in capsys.readouterr().err
    assert not (folder / "stand.json").exists()
