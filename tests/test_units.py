"""What systemd makes of the units that are to be installed."""

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
