"""Public test vectors that are too large to be fetched by make test."""

from __future__ import annotations

import json
from pathlib import Path

from shared import run

WYCHEPROOF = "github.com/C2SP/wycheproof@v0.0.0-20250901140545-b51abcfb8daf"
SUM = "h1:5BKKVVVj676FUWirLcouEEL6GCYR9X0opkMlEUck8FY="


def test_tokens_of_wycheproof() -> None:
    module = json.loads(run(["go", "mod", "download", "-json", WYCHEPROOF]))
    assert module["Sum"] == SUM
    vectors = Path(module["Dir"]) / "testvectors_v1" / "json_web_signature_test.json"
    command = ["cargo", "test", "-q", "--locked", "--package=pylon-identity-core", "--lib"]
    shown = run([*command, "--", "--ignored", "wycheproof"], env={"WYCHEPROOF_JWS": str(vectors)})
    assert "1 passed" in shown, shown
