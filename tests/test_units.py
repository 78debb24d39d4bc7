"""What systemd makes of the units that are to be installed."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parent.parent / "scripts/systemd"
ANALYZE = shutil.which("systemd-analyze")


@pytest.mark.skipif(ANALYZE is None, reason="systemd is not installed")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    units = []
    for unit in (*UNITS.glob("*.service"), *UNITS.glob("*.timer")):
        copy = tmp_path / unit.name
        copy.write_text(unit.read_text().replace("/opt/newsletter/.venv/bin/newsletter", "/bin/true"))
        units.append(str(copy))
    done = subprocess.run([ANALYZE or "", "verify", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(units) == 4


@pytest.mark.skipif(ANALYZE is None, reason="systemd is not installed")
@pytest.mark.parametrize("unit", sorted(UNITS.glob("*.service")), ids=lambda unit: unit.name)
def test_a_unit_may_do_little_more_than_its_work(unit: Path) -> None:
    words = [ANALYZE or "", "security", "--no-pager", "--offline=true", str(unit)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert exposure
    assert float(exposure[1]) <= 3.0  # of 10, by systemd's own count


def test_all_units_are_held_by_the_same_lines() -> None:
    blocks = {
        unit.read_text().partition("# What it may not do")[2].partition("\n\n")[0].strip()
        for unit in UNITS.glob("*.service")
    }
    assert len(blocks) == 1
    assert "NoNewPrivileges=yes" in blocks.pop()
