"""Playbook actions: what an exercise's step can do by itself. plays.py has the kinds, running.py makes each happen once."""
