"""An AWS to rehearse in: a control plane (moto) and a data plane that serves what was deployed.

It runs any Pulumi AWS program that uses the resource types in its catalogue and serves any
Lambda package. Other packages reach it through `emulator.handle` only; the process itself is
composed in `emulator.server`.
"""
