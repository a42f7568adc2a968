"""The services that the example workflows call over real HTTP, on this machine only.

Owns believable latency and scripted trouble. Keeps everything in memory and never talks to Plumbline.
"""
