"""The launcher in a folder of its own, with a small stand-in for uv on the PATH: real shell, no network."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LAUNCHER = Path(__file__).resolve().parents[1] / "keepup"
UV = """#!/bin/sh
# writes down how it was called; makes a venv whose keepup says what it was given
echo "$@" >>"$CALLS"
case $1 in
venv)
    for last; do :; done
    mkdir -p "$last/bin"
    ln -s "$PYTHON" "$last/bin/python"
    ;;
pip)
    echo "chatter on stdout"
    [ -z "${OFFLINE:-}" ] || { echo "no network" >&2; exit 1; }
    for last; do :; done
    printf '#!/bin/sh\\nprintf "<%%s>" "$@"; pwd\\n' >"$last/.venv/bin/keepup"
    chmod +x "$last/.venv/bin/keepup"
    ;;
esac
"""


class Clone:
    """A clone of KeepUp as far as the launcher can see."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "a clone of ours"
        self.tools = folder / "tools"
        self.calls = folder / "calls"
        self.home.mkdir()
        self.tools.mkdir()
        self.calls.touch()
        shutil.copy(LAUNCHER, self.home / "keepup")
        (self.home / "pyproject.toml").write_text("[project]\n")
        for tool in ("sh", "dirname", "readlink", "cksum", "mkdir", "rm", "ln", "mv", "chmod", "sleep", "cat"):
            (self.tools / tool).symlink_to(str(shutil.which(tool)))
        self.put("uv", UV)

    def put(self, tool: str, text: str) -> None:
        (self.tools / tool).write_text(text)
        (self.tools / tool).chmod(0o755)

    def begin(self, *args: str, at: Path | None = None, **more: str) -> "subprocess.Popen[str]":
        env = {"PATH": str(self.tools), "CALLS": str(self.calls), "PYTHON": sys.executable, **more}
        command = [str(at or self.home / "keepup"), *args]
        return subprocess.Popen(
            command, env=env, cwd=self.tools, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def start(self, *args: str, at: Path | None = None, **more: str) -> tuple[int, str, str]:
        with self.begin(*args, at=at, **more) as process:
            out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    @property
    def installs(self) -> int:
        return sum(line.startswith("pip install") for line in self.calls.read_text().splitlines())


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def test_it_is_a_program_and_its_shell_is_sound() -> None:
    assert os.access(LAUNCHER, os.X_OK)
    assert LAUNCHER.read_text().startswith("#!/bin/sh\n")
    subprocess.run(["sh", "-n", str(LAUNCHER)], check=True)


def test_shellcheck_has_nothing_to_say() -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    subprocess.run(["shellcheck", str(LAUNCHER), str(LAUNCHER.parent / ".ci" / "run")], check=True)


def test_the_first_start_installs_and_only_the_verb_speaks_on_stdout(clone: Clone) -> None:
    code, out, err = clone.start("replay", "a b.csv", "--json", "")

    assert (code, out) == (0, f"<replay><a b.csv><--json><>{clone.tools}\n")
    assert "installing into" in err
    assert "chatter" in err


def test_later_starts_install_nothing(clone: Clone) -> None:
    clone.start("one")
    (clone.tools / "uv").unlink()

    assert clone.start("two") == (0, f"<two>{clone.tools}\n", "")


def test_it_starts_through_symlinks_from_elsewhere(clone: Clone, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "near").symlink_to("../a clone of ours/keepup")
    (tmp_path / "far").symlink_to(tmp_path / "bin" / "near")

    assert clone.start("x", at=tmp_path / "far")[:2] == (0, f"<x>{clone.tools}\n")
    assert (clone.home / ".venv" / "keepup.stamp").is_file()


def test_a_changed_pyproject_is_installed_again(clone: Clone) -> None:
    clone.start()
    (clone.home / "pyproject.toml").write_text("[project]\nname='other'\n")
    clone.start()

    assert clone.installs == 2


def test_a_moved_clone_is_installed_again(clone: Clone, tmp_path: Path) -> None:
    clone.start()
    clone.home = clone.home.rename(tmp_path / "moved")
    clone.start()

    assert clone.installs == 2


def test_without_a_network_a_changed_pyproject_is_told_and_the_old_installation_serves(clone: Clone) -> None:
    clone.start()
    (clone.home / "pyproject.toml").write_text("[project]\nname='other'\n")
    code, out, err = clone.start("x", OFFLINE="1")

    assert (code, out) == (0, f"<x>{clone.tools}\n")
    assert "going on with the one there is" in err


def test_a_first_installation_that_fails_says_so_and_is_tried_again(clone: Clone) -> None:
    code, out, err = clone.start("x", OFFLINE="1")

    assert (code, out) == (1, "")
    assert "did not succeed" in err
    assert not (clone.home / ".venv.lock").is_symlink()
    assert clone.start("x")[0] == 0


def test_two_first_starts_at_once_install_once(clone: Clone) -> None:
    both = [clone.begin(name) for name in ("one", "two")]
    ends = [process.communicate(timeout=60) for process in both]

    assert [out for out, _ in ends] == [f"<one>{clone.tools}\n", f"<two>{clone.tools}\n"]
    assert clone.installs == 1


def test_the_lock_of_a_start_that_was_killed_is_taken_over(clone: Clone) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    (clone.home / ".venv.lock").symlink_to(str(dead.pid))

    assert clone.start("x")[0] == 0


def test_without_uv_the_newest_fitting_python_makes_the_venv(clone: Clone) -> None:
    (clone.tools / "uv").unlink()
    too_old = "#!/bin/sh\nexit 1\n"
    fitting = f"""#!/bin/sh
case "$*" in
"-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
"-m pip "*) printf '#!{shutil.which("sh")}\\necho made by pip\\n' >"${{0%/*}}/keepup"; chmod +x "${{0%/*}}/keepup" ;;
esac
"""
    (clone.tools / "cp").symlink_to(str(shutil.which("cp")))
    clone.put("python3.13", too_old)
    clone.put("python3.12", fitting)

    assert clone.start()[:2] == (0, "made by pip\n")


@pytest.mark.parametrize(
    ("python", "words"),
    [
        (None, "Python 3.11, 3.12 or 3.13 is missing: install one"),
        ('#!/bin/sh\ncase "$2" in *venv*) exit 1 ;; esac\n', "python3 lacks its venv module: install it"),
    ],
)
def test_what_is_missing_is_said_in_one_line(clone: Clone, python: str | None, words: str) -> None:
    (clone.tools / "uv").unlink()
    if python:
        clone.put("python3", python)
    code, out, err = clone.start()
    said = [line for line in err.splitlines() if "installing into" not in line]

    assert (code, out) == (1, "")
    assert len(said) == 1
    assert words in said[0]
