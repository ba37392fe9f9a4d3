"""`exactnorm completion`."""

import subprocess


def completed(line, run, tmp_path):
    """What bash offers for the last word of a line."""
    script = tmp_path / "completion.bash"
    script.write_text(run("completion", "bash")[1], encoding="utf-8")
    words = " ".join(f"'{word}'" for word in line.split(" "))
    code = f"source {script}; COMP_WORDS=({words}); COMP_CWORD={line.count(' ')}; _exactnorm; echo ${{COMPREPLY[@]}}"
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


def test_bash_completes_commands_options_choices_and_names(run, tmp_path):
    assert completed("exactnorm so", run, tmp_path) == ["solve"]
    assert completed("exactnorm solve --ti", run, tmp_path) == ["--time-limit"]
    assert completed("exactnorm solve acute_", run, tmp_path) == ["acute_large_radius"]
    assert completed("exactnorm flow acute --flow pr", run, tmp_path) == ["probability"]
    assert "B-4.2" in completed("exactnorm theorems B", run, tmp_path)


def test_scripts_for_zsh_and_fish_name_every_command(run):
    for shell in ("zsh", "fish"):
        status, out, _ = run("completion", shell)
        assert status == 0
        for command in ("solve", "check", "flow", "theorems", "experiment", "problems", "demo"):
            assert command in out
    assert run("completion", "tcsh")[:2] == (2, "")
