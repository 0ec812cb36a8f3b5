"""What oO uses of others beyond their public interfaces: each test says what breaks without it."""

import ast
import inspect
import sqlite3
from dataclasses import fields
from pathlib import Path

import pytest
import ray
from ray._private import ray_constants
from ray.serve._private import replica
from ray.serve._private.client import ServeControllerClient
from ray.serve.schema import ApplicationDetails, ServeApplicationSchema
from sqlalchemy.dialects.sqlite import aiosqlite as dialect

from deployments import replica_internals
from oo.cli import ray_internals
from oo.store.sqlite.driver import InlineConnection, InlineCursor

ROOT = Path(__file__).parents[2]
PRIVATE = {  # the one file that may use each
    "ray.serve.context": "oo/cli/ray_internals.py",
    "ray.llm._internal": "deployments/engine_internals.py",
    "ray.serve._private": "deployments/replica_internals.py",
}


def test_deploying_needs_serves_own_client() -> None:
    """Else `oo serve` and `oo deploy` cannot deploy a configuration without Ray's dashboard."""
    assert list(inspect.signature(ServeControllerClient.deploy_apps).parameters)[1] == "config"
    assert "timeout_s" in inspect.signature(ServeControllerClient.shutdown).parameters
    details = inspect.signature(ServeControllerClient.get_serve_details)
    assert list(details.parameters) == ["self"]


def test_deploying_again_needs_what_serve_tells_of_an_application() -> None:
    """Else `oo deploy` after `oo deploy --anew` replaces every replica once more."""
    assert "deployed_app_config" in ApplicationDetails.model_fields
    assert "args" in ServeApplicationSchema.model_fields


def test_a_node_on_loopback_needs_rays_parameter() -> None:
    """Else Ray's daemons listen on every interface."""
    source = inspect.getsource(ray.init)
    assert all(f'kwargs.pop("{name}"' in source for name in ray_internals.ON_LOOPBACK)


def test_a_node_on_loopback_needs_rays_variable() -> None:
    """Else Ray takes another address of the host for its own."""
    assert ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR == "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"


def test_replicas_on_loopback_need_the_name_of_serves_helper() -> None:
    """Else the gRPC servers between replicas listen on every interface."""
    source = inspect.getsource(replica)
    assert f'add_port_to_grpc_server(self._server, "{replica_internals.EVERYWHERE}0")' in source


def test_short_routes_need_what_serves_replica_starts_its_http_server_with() -> None:
    """Else no ingress starts, or Serve ends replicas that have requests under way."""
    started = inspect.getsource(replica.Replica._maybe_start_direct_ingress_servers)
    assert "start_asgi_http_server(\n                    self._direct_ingress_asgi," in started
    source = inspect.getsource(replica.Replica)
    assert "self._user_callable_asgi_app = " in source
    assert "self._metrics_manager = " in source
    manager = replica.ReplicaMetricsManager
    for counts in (manager.inc_num_ongoing_requests, manager.dec_num_ongoing_requests):
        assert list(inspect.signature(counts).parameters) == ["self", "request_metadata"]


def test_leaving_the_init_node_out_needs_the_callbacks_context() -> None:
    """Else the engine's start takes a minute longer."""
    # here and not above: each process that collects tests would take 12 s for it
    from ray.llm._internal.common.callbacks.base import CallbackBase, CallbackCtx

    from deployments.engine_internals import NoInitNode

    assert issubclass(NoInitNode, CallbackBase)
    assert "run_init_node" in {field.name for field in fields(CallbackCtx)}
    assert inspect.iscoroutinefunction(CallbackBase.on_before_node_init)


def test_noticing_a_dead_engine_needs_its_client() -> None:
    """Else a replica whose engine died is replaced only after failing calls for seconds."""
    from ray.llm._internal.serve.engines.vllm.vllm_engine import VLLMEngine

    assert "self._engine_client" in inspect.getsource(VLLMEngine)
    source = Path(inspect.getfile(ray)).parents[1] / "vllm" / "engine" / "protocol.py"
    assert "def errored(self) -> bool" in source.read_text()


def test_vllms_own_spans_need_these_of_its_client() -> None:
    """Else a trace ends at the engine's handle, or the engine ends with the first call."""
    vllm = Path(inspect.getfile(ray)).parents[1] / "vllm"
    client = (vllm / "v1" / "engine" / "async_llm.py").read_text()
    assert "self.observability_config = vllm_config.observability_config" in client
    assert "self.log_stats = log_stats" in client
    assert "return self.observability_config.otlp_traces_endpoint is not None" in client
    assert "self.output_processor = OutputProcessor(" in client
    output = (vllm / "v1" / "engine" / "output_processor.py").read_text()
    assert "if self.tracing_enabled:" in output
    spans = (vllm / "tracing" / "otel.py").read_text()
    assert "tracer = trace.get_tracer(__name__)" in spans  # of the process' global provider


def used_of(name: str) -> set[str]:
    """The attributes that SQLAlchemy's dialect uses of what `self.NAME` is."""
    found = set()
    for node in ast.walk(ast.parse(inspect.getsource(dialect))):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Attribute)
            and node.value.attr == name
        ):
            found.add(node.attr)
    return found


def test_the_inline_driver_has_what_the_dialect_uses_of_aiosqlite() -> None:
    """Else no query works: the driver stands where the dialect expects aiosqlite."""
    connection = InlineConnection(sqlite3.connect(":memory:"))
    cursor = connection.cursor()
    assert isinstance(cursor, InlineCursor)
    missing = {name for name in used_of("_connection") if not hasattr(connection, name)}
    missing |= {name for name in used_of("_cursor") if not hasattr(cursor, name)}
    # only for threads, which the inline driver has none of
    assert missing <= {"_thread", "daemon"}


@pytest.mark.parametrize("private", PRIVATE)
def test_each_is_used_in_one_file(private: str) -> None:
    users = {
        path.relative_to(ROOT).as_posix()
        for folder in ("deployments", "oo", "ml")
        for path in (ROOT / folder).rglob("*.py")
        if f"from {private}" in path.read_text()
    }
    assert users == {PRIVATE[private]}
