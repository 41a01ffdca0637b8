# SPDX-License-Identifier: MIT
"""A run without a host does not begin."""
import pytest


@pytest.mark.parametrize("base, body", [
    ("HttpLocust", "    class task_set(TaskSet):\n        @task\n        def index(self):\n            self.client.get('/')\n"),
    ("HttpUser", "    @task\n    def index(self):\n        self.client.get('/')\n"),
])
def test_no_user_is_started_without_a_host(run, tmp_path, base, body):
    (tmp_path / "locustfile.py").write_text(
        f"from locust import {base}, TaskSet, task\n\n\nclass Visitor({base}):\n{body}", encoding="utf-8")
    result = run(["-f", "locustfile.py", "--no-web", "-c", "5", "-t", "5s"], cwd=tmp_path, timeout=30)
    assert result.code == 1
    assert "Visitor: no host to talk to. Give --host (-H)" in result.stderr
    assert "Hatching" not in result.stderr
