"""What Flower's SecAgg+ does with some rounds, found by running them: a check of the harness, and four facts.

A round here goes through Flower's own server stages and its own client steps, from share to unmask, message by
message; only setup is laid out by hand, since Flower's asks a strategy for clients. Sizes are tiny.
"""

import types

import numpy as np

CLIP = 8.0
RANGE = 1 << 22
MODULUS = 1 << 32


class Reply:
    """A client's answer, or the error that Flower's client app sends when its step raises."""

    def __init__(self, mod, nid, content, error=None):
        self.metadata = types.SimpleNamespace(src_node_id=nid)
        self.content = types.SimpleNamespace(config_records={mod.RECORD_KEY_CONFIGS: content})
        self.error = error

    def has_error(self):
        return self.error is not None


class Round:
    """Clients that are all neighbours of each other, with equal weight, and the stages of Flower's server."""

    def __init__(self, mod, server, vectors, gone=None, quantisation=RANGE):
        self.mod, self.server, self.vectors = mod, server, vectors
        self.gone = gone or {}  # the stage at which a client no longer answers, by client
        self.errors = []
        self.near = set(range(len(vectors)))
        key, n = mod.Key, len(vectors)
        self.threshold = n // 2 + 1
        self.clients, public = {}, {}
        for nid in self.near:
            state = mod.SecAggPlusState(nid=nid)
            said = mod._setup(state, {
                key.SAMPLE_NUMBER: n, key.SHARE_NUMBER: n, key.THRESHOLD: self.threshold, key.CLIPPING_RANGE: CLIP,
                key.TARGET_RANGE: quantisation, key.MOD_RANGE: MODULUS, key.MAX_WEIGHT: 1000.0})
            self.clients[nid], public[nid] = state, [said[key.PUBLIC_KEY_1], said[key.PUBLIC_KEY_2]]
        self.state = server.WorkflowState(
            sampled_node_ids=set(self.near), active_node_ids=set(self.near), threshold=self.threshold,
            num_shares=n, clipping_range=CLIP, quantization_range=quantisation, mod_range=MODULUS, max_weight=1000.0,
            nid_to_neighbours={nid: set(self.near) for nid in self.near}, nid_to_publickeys=public,
            nid_to_proxies={nid: None for nid in self.near},
            nid_to_fitins={nid: server.RecordDict() for nid in self.near})
        self.workflow = server.SecAggPlusWorkflow(1.0, 0.5, quantization_range=quantisation)
        self.context = types.SimpleNamespace(
            state=types.SimpleNamespace(
                config_records={server.MAIN_CONFIGS_RECORD: {server.WorkflowKey.CURRENT_ROUND: 1}}),
            strategy=types.SimpleNamespace(aggregate_fit=lambda *_: (None, {})))
        # What a strategy would be told of each client beside the masked vector.
        server.compat = types.SimpleNamespace(
            recorddict_to_fitres=lambda *_: types.SimpleNamespace(parameters=None))

    def send_and_receive(self, messages, timeout):
        """The transport: every client that is still there takes its step at once."""
        replies = []
        for message in messages:
            nid = message.metadata.dst_node_id
            configs = message.content.config_records[self.mod.RECORD_KEY_CONFIGS]
            stage = configs[self.mod.Key.STAGE]
            if self.gone.get(nid) == stage:
                self.gone[nid] = None  # and never again
            if nid in self.gone and self.gone[nid] is None:
                continue
            said = {name: value for name, value in configs.items() if name != self.mod.Key.STAGE}
            try:
                replies.append(Reply(self.mod, nid, self.step(nid, stage, said)))
            except Exception as error:
                self.errors.append(repr(error))
                replies.append(Reply(self.mod, nid, {}, error=repr(error)))
        return replies

    def step(self, nid, stage, said):
        mod, client = self.mod, self.clients[nid]
        if stage == mod.Stage.SHARE_KEYS:
            return mod._share_keys(client, said)
        if stage == mod.Stage.COLLECT_MASKED_VECTORS:
            update = self.server.ndarrays_to_parameters([self.vectors[nid]])
            return mod._collect_masked_vectors(client, said, 1000, update)
        return mod._unmask(client, said)

    def until_unmask(self):
        return (self.workflow.share_keys_stage(self, self.context, self.state)
                and self.workflow.collect_masked_vectors_stage(self, self.context, self.state))

    def run(self):
        """The mean that the server finds, or nothing where it gives up."""
        if not self.until_unmask() or not self.workflow.unmask_stage(self, self.context, self.state):
            return None
        [mean] = self.mod.parameters_to_ndarrays(self.state.legacy_results[0][1].parameters)
        return mean


def some_vectors(n, length=50):
    generator = np.random.default_rng(7)
    return [generator.uniform(-1, 1, length) for _ in range(n)]


def check(mod, server):
    """Whole rounds, all present and one gone before mask: how far the mean is from the plain one, at most."""
    vectors = some_vectors(7)
    whole = Round(mod, server, vectors).run()
    fewer = Round(mod, server, vectors, {3: mod.Stage.COLLECT_MASKED_VECTORS}).run()
    worst = max(np.abs(whole - np.mean(vectors, axis=0)).max(),
                np.abs(fewer - np.mean(vectors[:3] + vectors[4:], axis=0)).max())
    if worst > 2 * 2 * CLIP / RANGE:
        raise RuntimeError(f"check: expected the mean to within two steps of quantisation, got {worst} off")
    return {"rounds": 2, "worst": float(worst)}


def facts(mod, server):
    return {"maskIsOf32Bits": mask_is_of_32_bits(server), "lateDropEndsRound": drop_before_share(mod, server),
            "wrapsSilently": wraps(mod, server), "givesBothShares": both_shares(mod, server)}


def mask_is_of_32_bits(server):
    """Whether a random seed of 256 bits gives the mask of the seed that is the XOR of its words and else zero."""
    seed = np.random.bytes(32)
    folded = np.bitwise_xor.reduce(np.frombuffer(seed, dtype="<u4")).astype("<u4").tobytes() + bytes(28)
    [one], [two] = (server.pseudo_rand_gen(of, MODULUS, [(1000,)]) for of in (seed, folded))
    return bool(seed != folded and np.array_equal(one, two))


def drop_before_share(mod, server):
    """What comes of a round of seven whose one client leaves between its keys and its shares."""
    at = Round(mod, server, some_vectors(7), {3: mod.Stage.SHARE_KEYS})
    return {"mean": at.run() is not None, "errors": sorted(set(at.errors))}


def wraps(mod, server):
    """A mean of five at 2^30 steps, whose sum does not fit 32 bits: what it is found to be, and what is said of it."""
    vectors = [np.full(10, 4.0) for _ in range(5)]
    at = Round(mod, server, vectors, quantisation=1 << 30)
    mean = at.run()
    return {"expected": 4.0, "mean": None if mean is None else float(mean[0]), "errors": at.errors}


def both_shares(mod, server):
    """Whether a server that calls one client both active and dead reads that client's vector alone."""
    victim, vectors = 2, some_vectors(5)
    at = Round(mod, server, vectors)
    key, masked = mod.Key, {}
    step = at.step

    def listening(nid, stage, said):
        found = step(nid, stage, said)
        if stage == mod.Stage.COLLECT_MASKED_VECTORS:
            masked[nid] = [server.bytes_to_ndarray(part) for part in found[key.MASKED_PARAMETERS]]
        return found

    at.step = listening
    at.until_unmask()
    ask = {key.ACTIVE_NODE_ID_LIST: sorted(at.near), key.DEAD_NODE_ID_LIST: [victim]}
    seeds, keys = [], []
    for nid in at.near - {victim}:
        said = mod._unmask(at.clients[nid], ask)
        of_victim = [share for of, share in zip(said[key.NODE_ID_LIST], said[key.SHARE_LIST]) if of == victim]
        if len(of_victim) != 2:
            return False
        seeds.append(of_victim[0])
        keys.append(of_victim[1])
    vector = masked[victim]
    shapes = [part.shape for part in vector]
    own = server.pseudo_rand_gen(server.combine_shares(seeds), MODULUS, shapes)
    vector = server.parameters_subtraction(vector, own)
    secret_key = server.bytes_to_private_key(server.combine_shares(keys))
    for other in at.near - {victim}:
        public = server.bytes_to_public_key(at.state.nid_to_publickeys[other][0])
        mask = server.pseudo_rand_gen(server.generate_shared_key(secret_key, public), MODULUS, shapes)
        vector = (server.parameters_subtraction if victim > other else server.parameters_addition)(vector, mask)
    [found] = server.dequantize(server.parameters_mod(vector, MODULUS)[1:], CLIP, RANGE)
    return bool(np.abs(found - vectors[victim]).max() < 1e-5)
