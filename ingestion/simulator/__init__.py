"""A faithful LibreLinkUp server with invented people, for tests and the demo: same paths, shapes, limits and moods."""

from ingestion.simulator.curve import Curve
from ingestion.simulator.faults import FAULTS, NEVER, Expect, Fault, fault_named
from ingestion.simulator.injection import Injection
from ingestion.simulator.people import Follower, Patient, Sensor
from ingestion.simulator.serve import DEFAULT_PORT, serve_forever
from ingestion.simulator.server import Logged, SimulatorServer
from ingestion.simulator.world import DEMO_EMAIL, DEMO_PASSWORD, Truth, World

__all__ = [
    "DEFAULT_PORT",
    "DEMO_EMAIL",
    "DEMO_PASSWORD",
    "FAULTS",
    "NEVER",
    "Curve",
    "Expect",
    "Fault",
    "Follower",
    "Injection",
    "Logged",
    "Patient",
    "Sensor",
    "SimulatorServer",
    "Truth",
    "World",
    "fault_named",
    "serve_forever",
]
