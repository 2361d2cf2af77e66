#!/usr/bin/env python3
"""What the tests execute, counted by gcov: a line a file in build/coverage/report.txt with the lines never executed, and
a table of the folders.  Ends with 1 when a folder, or all of them, have less than what is demanded."""
import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / 'build' / 'coverage'
FOLDERS = ['src/core', 'src/mail', 'src/net', 'src/poll', 'src/store', 'src/cli', 'config', 'agent']
DEMANDED = {'src/mail': 95, 'all': 85}  # per cent


def count(notes):
    """Of one object file: {source: {line: how often}}.  A file that never ran has notes, and no counts."""
    said = subprocess.run(['gcov', '--json-format', '--stdout', notes], cwd=BUILD, capture_output=True, check=True)
    lines = collections.defaultdict(collections.Counter)
    for source in json.loads(said.stdout)['files']:
        for line in source['lines']:
            lines[os.path.relpath(BUILD / source['file'], ROOT)][line['line_number']] += line['count']
    return lines


def count_all():
    total = collections.defaultdict(collections.Counter)
    notes = [path for folder in FOLDERS for path in sorted((BUILD / folder).rglob('*.gcno'))]
    with concurrent.futures.ThreadPoolExecutor(2) as workers:
        for lines in workers.map(count, notes):
            for source, counts in lines.items():
                total[source].update(counts)
    return total


def spans(numbers):
    """[1, 2, 3, 7] -> '1-3,7'"""
    said = []
    for n in numbers:
        if said and said[-1][1] == n - 1:
            said[-1][1] = n
        else:
            said.append([n, n])
    return ','.join(f'{low}-{high}' if low < high else str(low) for low, high in said)


def main():
    total, done, lines = count_all(), collections.Counter(), collections.Counter()
    with open(BUILD / 'report.txt', 'w', encoding='utf-8') as report:
        for source, counts in sorted(total.items()):
            folder = next((f for f in FOLDERS if source.startswith(f + '/')), None)
            if folder is None:
                continue
            missed = sorted(n for n, times in counts.items() if times == 0)
            for name in (folder, 'all'):
                lines[name] += len(counts)
                done[name] += len(counts) - len(missed)
            print(f'{source:40} {len(counts) - len(missed):5}/{len(counts):5}  {spans(missed)}', file=report)
    poor = False
    for name in [*FOLDERS, 'all']:
        share = 100 * done[name] / lines[name]
        too_little = share < DEMANDED.get(name, 0)
        poor = poor or too_little
        print(f'{name:10} {done[name]:6} of {lines[name]:6} lines {share:6.1f} %'
              + (f'   less than {DEMANDED[name]} %' if too_little else ''))
    sys.exit(poor)


if __name__ == '__main__':
    main()
