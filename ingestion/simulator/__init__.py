"""A faithful LibreLinkUp server with invented people, for tests and the demo: same paths, shapes, limits and moods."""

from ingestion.simulator.faults import FAULTS, Expect, Fault, fault_named
from ingestion.simulator.server import SimulatorServer
from ingestion.simulator.world import DEMO_EMAIL, DEMO_PASSWORD, World

__all__ = ["DEMO_EMAIL", "DEMO_PASSWORD", "FAULTS", "Expect", "Fault", "SimulatorServer", "World", "fault_named"]
