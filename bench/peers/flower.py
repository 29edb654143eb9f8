"""Runs Flower's own SecAgg+ steps, so that `npm run bench -- peers` can time them beside ours.

    python3 bench/peers/flower.py CHECKOUT

CHECKOUT is a working copy of Flower. The first line on stdout says what runs: versions and commit. Then each
line on stdin is a request, and each answer one line, both JSON:

    {"do": "check"}                                   whole rounds with real clients, against the plain mean
    {"do": "facts"}                                   what four of its behaviours are, each by trying it
    {"do": "client", "k": 20, "t": 14, "d": 100000}   share and mask of one client with k neighbours
    {"do": "prepare", "n": 50, "k": 22, "t": 12, "d": 100000}   a round in which every tenth client has gone
    {"do": "unmask"}                                  unmask of the round that was prepared

Every step that is timed is Flower's function, called with what its transport would deliver. What only prepares a step is made the shortest way that leaves the step the same work; each place says so.
"""

import json
import os
import sys
import time
import types

import numpy as np

sys.dont_write_bytecode = True  # neither here nor in the checkout
from flower_import import import_flower  # noqa: E402

if len(sys.argv) != 2:
    sys.exit("usage: python3 bench/peers/flower.py CHECKOUT")
mod, workflow, VERSIONS = import_flower(sys.argv[1])
Key = mod.Key

CLIP = 8.0  # Flower's defaults
RANGE = 1 << 22
MODULUS = 1 << 32
MAX_WEIGHT = 1000.0
GONE = 10  # every tenth client

# ---------------------------------------------------------------- timing

class Tally:
    """Puts a clock around a function that a module of Flower's calls."""

    def __init__(self, module, name):
        self.ms, inner = 0.0, getattr(module, name)

        def clocked(*args):
            start = time.perf_counter()
            found = inner(*args)
            self.ms += 1000 * (time.perf_counter() - start)
            return found

        setattr(module, name, clocked)

    def take(self):
        ms, self.ms = self.ms, 0.0
        return ms


quantising = Tally(mod, "quantize")
splitting = Tally(mod, "create_shares")
dequantising = Tally(workflow, "dequantize")
combining = Tally(workflow, "combine_shares")


def timed(step, *args):
    start = time.perf_counter()
    found = step(*args)
    return 1000 * (time.perf_counter() - start), found


# ---------------------------------------------------------------- one client

def set_up(nid, shares, threshold, quantisation=RANGE):
    state = mod.SecAggPlusState(nid=nid)
    said = mod._setup(state, {
        Key.SAMPLE_NUMBER: shares, Key.SHARE_NUMBER: shares, Key.THRESHOLD: threshold, Key.CLIPPING_RANGE: CLIP,
        Key.TARGET_RANGE: quantisation, Key.MOD_RANGE: MODULUS, Key.MAX_WEIGHT: MAX_WEIGHT})
    return state, [said[Key.PUBLIC_KEY_1], said[Key.PUBLIC_KEY_2]]




def client(k, t, d):
    """Share and mask of the client in the middle of k neighbours."""
    nid = k // 2
    state, own = set_up(nid, k + 1, t)
    keys = {str(other): own if other == nid else [mod.public_key_to_bytes(mod.generate_key_pairs()[1])
                                                  for _ in range(2)] for other in range(k + 1)}
    splitting.take()
    share_ms, shared = timed(mod._share_keys, state, keys)
    shamir_ms = splitting.take()

    # What the neighbours would send: shares of the same length, but random, since a client does not open them.
    def from_neighbour(src):
        seed, secret_key = (np.random.bytes(len(held[nid])) for held in (state.rd_seed_share_dict, state.sk1_share_dict))
        return mod.encrypt(state.ss2_dict[src], mod.share_keys_plaintext_concat(src, nid, seed, secret_key))

    srcs = [src for src in range(k + 1) if src != nid]
    down = {Key.CIPHERTEXT_LIST: [from_neighbour(src) for src in srcs], Key.SOURCE_LIST: srcs}
    update = workflow.ndarrays_to_parameters([np.linspace(-CLIP, CLIP, d, dtype=np.float32)])
    quantising.take()
    mask_ms, masked = timed(mod._collect_masked_vectors, state, down, int(MAX_WEIGHT), update)
    quantise_ms = quantising.take()
    answer = mod._unmask(state, {Key.ACTIVE_NODE_ID_LIST: list(range(k + 1)), Key.DEAD_NODE_ID_LIST: []})
    # The contents alone, without the frames of the transport.
    sent = [*own, *shared[Key.CIPHERTEXT_LIST], *masked[Key.MASKED_PARAMETERS], *answer[Key.SHARE_LIST]]
    return {"shareMs": share_ms, "shamirMs": shamir_ms, "maskMs": mask_ms - quantise_ms,
            "quantiseMs": quantise_ms, "bytes": sum(len(part) for part in sent)}


# ---------------------------------------------------------------- the server

class Said:
    """What the transport hands to the server of one client's answer."""

    def __init__(self, nid, content):
        self.metadata = types.SimpleNamespace(src_node_id=nid)
        self.content = types.SimpleNamespace(config_records={mod.RECORD_KEY_CONFIGS: content})

    def has_error(self):
        return False


def unmask_stage(state, said):
    """Flower's unmask stage, with answers that are there already; the mean it finds, and its parts in ms."""
    results = [(None, types.SimpleNamespace(parameters=None))]
    context = types.SimpleNamespace(
        state=types.SimpleNamespace(config_records={workflow.MAIN_CONFIGS_RECORD: {workflow.WorkflowKey.CURRENT_ROUND: 1}}),
        strategy=types.SimpleNamespace(aggregate_fit=lambda *_: (None, {})))
    state.legacy_results = results
    grid = types.SimpleNamespace(send_and_receive=lambda messages, timeout: said)
    stage = workflow.SecAggPlusWorkflow(1.0, 0.5).unmask_stage
    dequantising.take()
    combining.take()
    ms, done = timed(stage, grid, context, state)
    if not done:
        raise RuntimeError("unmask_stage gave up")
    dequantise_ms = dequantising.take()
    [mean] = mod.parameters_to_ndarrays(results[0][1].parameters)
    return {"ms": ms - dequantise_ms, "dequantiseMs": dequantise_ms, "shamirMs": combining.take()}, mean


def ring(n, k):
    """The neighbours of every client, itself among them, as Flower's setup stage lays them out."""
    return {nid: {(nid + offset) % n for offset in range(-(k // 2), k // 2 + 1)} for nid in range(n)}


prepared = None


def prepare(n, k, t, d):
    """A round of n clients just before unmask, as what the server holds and what it is sent.

    Nobody's vector is masked one by one: masks between two who stayed cancel, so the sum is made of the
    plain sum and the masks that do not.
    """
    global prepared
    near = ring(n, k)
    gone = {nid for nid in range(n) if nid % GONE == GONE - 1}
    pairs = [mod.generate_key_pairs() for _ in range(n)]
    public = {nid: [mod.public_key_to_bytes(pair[1]), b""] for nid, pair in enumerate(pairs)}
    plain = np.zeros(d, dtype=np.int64)
    shape = [(1,), (d,)]
    total = [np.zeros(1, dtype=np.int64), np.zeros(d, dtype=np.int64)]
    sent = {nid: ([], []) for nid in range(n) if nid not in gone}
    for nid in range(n):
        secret = mod.private_key_to_bytes(pairs[nid][0]) if nid in gone else os.urandom(32)
        # Split for two: how long combining takes depends on the number of shares, not on the degree.
        for holder, share in zip(sorted(near[nid]), mod.create_shares(secret, 2, k + 1)):
            if holder in sent:
                sent[holder][0].append(nid)
                sent[holder][1].append(share)
        if nid in gone:
            for other in near[nid] - gone:
                mask = workflow.pseudo_rand_gen(
                    workflow.generate_shared_key(pairs[nid][0], pairs[other][1]), MODULUS, shape)
                total = (mod.parameters_addition if other > nid else mod.parameters_subtraction)(total, mask)
        else:
            plain += nid + (np.arange(d) & 255)
            total = mod.parameters_addition(total, workflow.pseudo_rand_gen(secret, MODULUS, shape))
    stayed = n - len(gone)
    total = mod.parameters_mod(mod.parameters_addition(total, [np.array([stayed]), plain]), MODULUS)
    prepared = {"near": near, "gone": gone, "public": public, "total": total, "plain": plain, "t": t,
                "said": [Said(nid, {Key.NODE_ID_LIST: nids, Key.SHARE_LIST: shares})
                         for nid, (nids, shares) in sent.items()]}
    return {"clients": n, "gone": len(gone)}


def unmask():
    state = workflow.WorkflowState(
        sampled_node_ids=set(prepared["near"]), active_node_ids=set(prepared["near"]) - prepared["gone"],
        threshold=prepared["t"], clipping_range=CLIP, quantization_range=RANGE, mod_range=MODULUS,
        nid_to_neighbours={nid: set(near) for nid, near in prepared["near"].items()},
        nid_to_publickeys=prepared["public"], aggregate_ndarrays=prepared["total"])
    times, mean = unmask_stage(state, prepared["said"])
    stayed = len(prepared["said"])
    sums = np.rint((mean * stayed / RANGE + stayed * CLIP) * RANGE / (2 * CLIP)).astype(np.int64)
    if not np.array_equal(sums, prepared["plain"]):
        raise RuntimeError("unmask: wrong sum")
    return times


# ---------------------------------------------------------------- requests

def check():
    from flower_facts import check as found
    return found(mod, workflow)


def facts():
    from flower_facts import facts as found
    return found(mod, workflow)


REQUESTS = {"check": check, "facts": facts, "client": client, "prepare": prepare, "unmask": unmask}

print(json.dumps(VERSIONS), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps(REQUESTS[request.pop("do")](**request)), flush=True)
