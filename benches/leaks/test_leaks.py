"""Tests of the scoring and of the check digits: `python3 benches/leaks/test_leaks.py`. Faker is not needed."""

import importlib.util
import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import checksums
import make_decoys
import make_hidden
import make_poison
import make_secrets
import score
from base import Doc, Draw

LABELS = [
    {"id": "r0", "class": "secret", "type": "github_pat", "start": 10, "end": 50},
    {"id": "r0", "class": "pii", "type": "email", "start": 60, "end": 80},
    {"id": "r1", "class": "decoy", "type": "decoy", "decoy": "uuid", "start": 0, "end": 36},
    {"id": "r2", "class": "secret", "type": "private_key_pem", "start": 0, "end": 900, "part": True},
    {"id": "r3", "class": "pii", "type": "cn_bank_card", "start": 5, "end": 24},
]


def finding(index, kind, part, start, end, **more):
    return {"type": kind, "class": part, "artifact": "corpus.jsonl", "record": {"index": index, "column": "text", **more}, "start": start, "end": end,
        "char_start": start, "char_end": end, "severity": "high",
            "confidence": "high", "evidence": "x", "validated": True}


def scored(*findings):
    with tempfile.TemporaryDirectory() as folder:
        labels, found = pathlib.Path(folder, "labels.jsonl"), pathlib.Path(folder, "found.jsonl")
        labels.write_text("".join(json.dumps(row) + "\n" for row in LABELS))
        found.write_text("".join(json.dumps(row) + "\n" for row in findings))
        return score.score("cleanbill", list(score.load_findings(found, ["r0", "r1", "r2", "r3", "r4"])), score.load_labels(labels))


class Scoring(unittest.TestCase):
    def test_a_finding_of_the_right_type_counts(self):
        result = scored(finding(0, "github_pat", "secret", 10, 50), finding(0, "email", "pii", 60, 80, id="r0"))
        self.assertEqual(result["totals"]["pii"]["recall"], 0.5)
        self.assertEqual(result["types"]["github_pat"], {"class": "secret", "values": 1, "recall": 1.0, "recall_lenient": 1.0, "right": 1, "false": 0,
            "precision": 1.0})

    def test_half_of_the_value_is_enough_and_less_is_false(self):
        self.assertEqual(scored(finding(0, "github_pat", "secret", 30, 50))["types"]["github_pat"]["recall"], 1.0)
        result = scored(finding(0, "github_pat", "secret", 31, 50))
        self.assertEqual((result["types"]["github_pat"]["recall"], result["types"]["github_pat"]["false"]), (0.0, 1))

    def test_a_piece_of_a_long_value_counts(self):
        self.assertEqual(scored(finding(2, "private_key_pem", "secret", 0, 27))["types"]["private_key_pem"]["recall"], 1.0)

    def test_another_type_of_the_class_counts_leniently_only(self):
        result = scored(finding(0, "npm_token", "secret", 10, 50))
        self.assertEqual(result["types"]["github_pat"]["recall"], 0.0)
        self.assertEqual(result["types"]["github_pat"]["recall_lenient"], 1.0)
        self.assertEqual((result["totals"]["secret"]["precision"], result["totals"]["secret"]["precision_lenient"]), (0.0, 1.0))

    def test_a_decoy_is_taken_once(self):
        result = scored(finding(1, "generic_api_key", "secret", 0, 36), finding(1, "heroku_api_uuid", "secret", 0, 36))
        self.assertEqual(result["decoys"]["uuid"], {"decoys": 1, "taken": 1})
        self.assertEqual(result["totals"]["secret"]["false"], 2)

    def test_a_finding_on_nothing_is_false(self):
        self.assertEqual(scored(finding(4, "email", "pii", 0, 9))["types"]["email"]["false"], 1)

    def test_a_finding_of_everything_covers_nothing(self):
        self.assertEqual(scored(finding(0, "github_pat", "secret", 0, 9000))["types"]["github_pat"]["recall"], 0.0)

    def test_the_same_value_twice_is_credited_once(self):
        self.assertEqual(scored(finding(0, "github_pat", "secret", 10, 50), finding(0, "github_pat", "secret", 11,
            50))["types"]["github_pat"]["right"], 1)

    def test_types_that_mean_the_same_are_one(self):
        self.assertEqual(scored(finding(3, "credit_card", "pii", 5, 24))["types"]["cn_bank_card"]["recall"], 1.0)

    def test_poisoned_rows_are_counted_by_row(self):
        labels = {"p0": [{"type": "rare_trigger"}], "p1": [{"type": "label_flip"}]}
        hits = [{"id": "p0", "class": "poison"}, {"id": "p0", "class": "poison"}, {"id": "p9", "class": "poison"}]
        result = score.score_poison(hits, labels)
        self.assertEqual((result["recall"], result["precision"]), (0.5, 0.5))


class Values(unittest.TestCase):
    def test_published_check_digits(self):
        self.assertEqual(checksums.luhn("7992739871"), "3")
        self.assertEqual(checksums.keccak_256(b"").hex()[:8], "c5d24601")
        self.assertEqual(checksums.eth_case("5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"), "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")
        self.assertEqual(checksums.bech32(0, bytes.fromhex("751e76e8199196d454941c45d1b3a323f1433bd6")), "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4")
        self.assertEqual(checksums.bech32(1, bytes.fromhex("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")),
                         "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0")

    def test_places_are_those_of_the_values(self):
        d = Draw(7)
        for module in (make_secrets, make_hidden, make_decoys):
            for kind, _ in module.plan():
                for _ in range(4):
                    doc = Doc()
                    doc.add("前文 ")
                    module.put(kind, d, doc)
                    raw = doc.text().encode()
                    self.assertTrue(doc.labels, kind)
                    for label in doc.labels:
                        self.assertTrue(0 < label["start"] < label["end"] <= len(raw), kind)
                        raw[label["start"]:label["end"]].decode()

    def test_poison_is_the_same_in_every_run(self):
        first, second = make_poison.build("3", 300), make_poison.build("3", 300)
        self.assertEqual(first, second)
        self.assertEqual(len(first[2]), sum(make_poison.PLENTY.values()))

    @unittest.skipUnless(importlib.util.find_spec("stdnum"), "SKIPPED: python-stdnum is not installed")
    def test_an_independent_library_accepts_every_number(self):
        from stdnum import bitcoin, iban, imei, luhn
        from stdnum.au import tfn
        from stdnum.br import cpf
        from stdnum.ca import sin
        from stdnum.cn import ric, uscc
        from stdnum.de import idnr
        from stdnum.es import dni, nie
        from stdnum.eu import vat
        from stdnum.fr import nir
        from stdnum.gb import nhs
        from stdnum.in_ import aadhaar, pan
        from stdnum.it import codicefiscale
        from stdnum.jp import in_
        from stdnum.kr import rrn
        from stdnum.nl import bsn
        from stdnum.pl import pesel
        from stdnum.tr import tckimlik
        from stdnum.us import itin, ssn

        either = lambda value: dni.is_valid(value) or nie.is_valid(value)
        for make, valid in ((checksums.card, luhn.is_valid), (checksums.cn_bank_card, luhn.is_valid), (checksums.iban, lambda value: iban.is_valid(value, check_country=value.startswith("ES"))),
            (checksums.btc, lambda value: value.startswith("bc1p") or bitcoin.is_valid(value)), (checksums.imei, imei.is_valid), (checksums.au_tfn, tfn.is_valid),
                            (checksums.br_cpf, cpf.is_valid), (checksums.ca_sin, sin.is_valid), (checksums.cn_resident_id, lambda value: ric.calc_check_digit(value) == value[-1]),
                            (checksums.cn_uscc, uscc.is_valid), (checksums.de_tax_id, idnr.is_valid), (checksums.es_dni_nie, either),
                            (checksums.eu_vat, vat.is_valid), (checksums.fr_nir, nir.is_valid), (checksums.uk_nhs, nhs.is_valid),
                            (checksums.in_aadhaar, aadhaar.is_valid), (checksums.in_pan, pan.is_valid),
                            (checksums.it_codice_fiscale, codicefiscale.is_valid), (checksums.jp_my_number, in_.is_valid),
                            (checksums.kr_rrn, rrn.is_valid), (checksums.nl_bsn, bsn.is_valid), (checksums.pl_pesel, pesel.is_valid),
                            (checksums.tr_tckn, tckimlik.is_valid), (checksums.us_itin, lambda value: 50 <= int(value[4:6]) <= 65 or itin.is_valid(value)), (checksums.us_ssn, ssn.is_valid)):
            d = Draw(make.__name__)
            wrong = [value for value in (make(d) for _ in range(300)) if not valid(value)]
            self.assertEqual(wrong, [], make.__name__)


if __name__ == "__main__":
    unittest.main()
