#!/usr/bin/env python3
"""The runner of the lab's tests: `./dev test lab [--full] [--only NAME]`."""

import os
import sys

import lab
import postfix
import runner

if __name__ == "__main__":
    sys.exit(runner.main("lab", os.path.dirname(os.path.abspath(__file__)), lab.running, postfix.clear_queue))
