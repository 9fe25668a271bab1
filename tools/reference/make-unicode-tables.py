#!/usr/bin/env python3
"""Writes UnicodeTables.swift and UnicodeTables+Classes.swift by probing the reference tokenizer.

The reference ("tokenizers") freezes several versions of Unicode at once: its general categories are those of
Unicode 8, its decompositions and lowercase mappings are newer. So no Unicode file is read: each of the
1,112,064 scalars is sent through the reference, and its result recorded.

    python3 tools/reference/make-unicode-tables.py [FOLDER]      needs: pip install tokenizers==0.23.3
"""
import bisect
import os
import sys

import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import charsmap

DEFAULT = os.path.join(HERE, "../../Sources/TaperTokenization/Unicode")

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
BASE, HANGUL_COUNT = 0xAC00, 11172

DROP, SPACE, CHINESE, NONSPACING, WHITE, PUNCTUATION = 1, 2, 4, 8, 16, 32

# Bits of `ScalarClasses`; those of a grapheme are a number from bit 8, those of a conjunct one from bit 12.
LETTER, NUMBER, WORD, NUMERIC, MARK = 1, 2, 4, 8, 16
CR, LF, CONTROL, EXTEND, ZWJ, SPACING, PREPEND, L, V, T, LV, LVT, PICTOGRAPHIC = range(1, 14)
CONSONANT, LINKER, CONJUNCT_EXTEND = 1, 2, 3


def bert(clean=False, chinese=False, strip=False, lower=False):
    return normalizers.BertNormalizer(
        clean_text=clean, handle_chinese_chars=chinese, strip_accents=strip, lowercase=lower)


def combining_classes(nfd):
    """Canonical combining class of every scalar that has one, from the order in which NFD puts pairs."""
    import unicodedata
    marks = {}
    for c in range(0x300, 0x20000):
        k = unicodedata.combining(chr(c))
        known = k and (k == 1 or nfd(chr(c) + "\u0334") == "\u0334" + chr(c))  # in its own tables
        if known and k not in marks and nfd(chr(c)) == chr(c):
            marks[k] = chr(c)
    low, high = marks[1], marks[240]
    found = {}
    order = sorted(marks)
    for c in SCALARS:
        s = chr(c)
        if nfd(s) != s:
            continue
        above = nfd(s + low) == low + s  # class(s) > 1
        below = nfd(high + s) == s + high  # 0 < class(s) < 240
        if not (above or below):
            continue
        # Every class k with class(s) > k moves its mark before s; the equal one moves on neither side.
        less = [k for k in order if s != marks[k] and nfd(s + marks[k]) == marks[k] + s]
        more = [k for k in order if s != marks[k] and nfd(marks[k] + s) == s + marks[k]]
        equal = [k for k in order if k not in less and k not in more]
        assert len(equal) == 1 and sorted(less + equal + more) == order, hex(c)
        found[c] = equal[0]
    return found


def probe():
    clean, chinese = bert(clean=True), bert(chinese=True)
    strip, lower = bert(strip=True), bert(lower=True)
    nfd_normalizer = normalizers.NFD()
    split = pre_tokenizers.BertPreTokenizer()
    nfd = nfd_normalizer.normalize_str
    classes = combining_classes(nfd)

    properties, decompositions, lowercase = {}, {}, {}
    for c in SCALARS:
        s = chr(c)
        p = 0
        cleaned = clean.normalize_str(s)
        if cleaned == "":
            p |= DROP
        elif cleaned != s or s == " ":
            assert cleaned == " ", hex(c)
            p |= SPACE
        spaced = chinese.normalize_str(s)
        if spaced != s:
            assert spaced == " " + s + " ", hex(c)
            p |= CHINESE
        pieces = [t for t, _ in split.pre_tokenize_str("a" + s + "b")]
        if pieces == ["a", "b"]:
            p |= WHITE
        elif pieces == ["a", s, "b"]:
            p |= PUNCTUATION
        else:
            assert pieces == ["a" + s + "b"], hex(c)
        p |= classes.get(c, 0) << 8
        d = nfd(s)
        if d != s:
            decompositions[c] = [ord(x) for x in d]
        elif strip.normalize_str(s) == "":
            p |= NONSPACING
        lowered = lower.normalize_str(s)
        if lowered != s:
            lowercase[c] = [ord(x) for x in lowered]
        properties[c] = p

    # The parts together must give what the reference gives for the whole.
    for c in SCALARS:
        parts = decompositions.get(c, [c])
        kept = "".join(chr(x) for x in parts if not properties[x] & NONSPACING)
        assert strip.normalize_str(chr(c)) == kept, hex(c)
    # Hangul is computed, not stored.
    for i in range(HANGUL_COUNT):
        l, v, t = 0x1100 + i // 588, 0x1161 + i % 588 // 28, 0x11A7 + i % 28
        expected = [l, v] if t == 0x11A7 else [l, v, t]
        assert decompositions.pop(BASE + i) == expected
    return properties, decompositions, lowercase


def grapheme_classes():
    """How each scalar joins others into grapheme clusters, as far as a Precompiled normalizer lets one see it.

    That normalizer replaces a whole cluster of up to 5 bytes by the replacement of its shortest prefix, and treats
    longer clusters scalar by scalar. So whether scalars joined shows in what became of the last of them. (Regional
    indicators never show: two of them have 8 bytes.)
    """
    def normal(keys):
        return normalizers.Precompiled(charsmap.build({k: "Y" for k in keys})).normalize_str
    byte = lambda b: bytes([b])
    a, first = normal([b"a"]), normal([byte(b) for b in range(0xC2, 0xF5)])
    every = normal([byte(b) for b in range(1, 0x80)] + [byte(b) for b in range(0xC2, 0xF5)])
    c2, e0, e1 = normal([b"\xc2"]), normal([b"\xe0"]), normal([b"\xe1"])
    acute, joiner, copyright, ka, virama = "\u0301", "\u200d", "\u00a9", "\u0915", "\u094d"
    kept = "Y" + acute  # the last base was treated alone: its cluster was long, so it had joined

    assert every("\r\n") == "Y" and every("\0" + acute) == "\0Y"
    result = {}
    for code in SCALARS:
        c = chr(code)
        grapheme, conjunct = 0, 0
        if code in (13, 10):
            grapheme = CR if code == 13 else LF
        elif code == 0 or every(c + acute + acute) == "YY":
            grapheme = CONTROL
        elif a("a" + c) == "Y":
            joins = c2(copyright + c + joiner + copyright + acute).endswith(kept)
            grapheme = ZWJ if code == 0x200D else EXTEND if joins else SPACING
            if e0(ka + c + ka + acute).endswith(kept):
                conjunct = LINKER
            elif e0(ka + c + virama + ka + acute).endswith(kept):
                conjunct = CONJUNCT_EXTEND
        elif code >= 0x80 and first(c + "a") == "Y":
            grapheme = PREPEND
        else:
            if e0(c + virama + ka + acute).endswith(kept):
                conjunct = CONSONANT
            if c2(copyright + joiner + c) == "Y" + joiner + c.replace(copyright, "Y").replace("\u00ae", "Y"):
                grapheme = PICTOGRAPHIC
            else:
                v, t, l = (e1(c + other + acute).endswith(kept) for other in "\u1161\u11a8\u1100")
                syllable = BASE <= code < BASE + HANGUL_COUNT
                if l:
                    assert v and not t
                    grapheme = L
                elif v:
                    assert t
                    grapheme = LV if syllable else V
                elif t:
                    grapheme = LVT if syllable else T
        result[code] = grapheme << 8 | conjunct << 12
    return result


def probe_classes(decompositions):
    classes = grapheme_classes()
    def removes(pattern):
        split = pre_tokenizers.Split(Regex(pattern), "removed").pre_tokenize_str
        return lambda s: not split(s)
    letter, number, white = removes(r"\p{L}"), removes(r"\p{N}"), removes(r"\s")
    rust_white = pre_tokenizers.WhitespaceSplit().pre_tokenize_str
    words = pre_tokenizers.Whitespace().pre_tokenize_str
    digits = pre_tokenizers.Digits(individual_digits=True).pre_tokenize_str
    mark = normalizers.StripAccents().normalize_str
    nfkd, nfc = normalizers.NFKD().normalize_str, normalizers.NFC().normalize_str
    compatible = {}
    for code in SCALARS:
        c = chr(code)
        assert white(c) == (not rust_white(c)) == (len(words("a" + c)) == 1 and words("a" + c)[0][0] == "a"), hex(code)
        classes[code] |= ((LETTER if letter(c) else 0) | (NUMBER if number(c) else 0) |
                          (WORD if words("a" + c)[0][0] == "a" + c else 0) |
                          (NUMERIC if len(digits("a" + c)) == 2 else 0) | (MARK if mark(c) == "" else 0))
        full = [ord(x) for x in nfkd(c)]
        if not BASE <= code < BASE + HANGUL_COUNT and full != decompositions.get(code, [code]):
            compatible[code] = full
    pairs = {}
    for code, full in decompositions.items():
        if nfc(chr(code)) == chr(code):
            head = nfc("".join(map(chr, full[:-1])))
            assert len(head) == 1 and nfc(head + chr(full[-1])) == chr(code), hex(code)
            assert pairs.setdefault((ord(head), full[-1]), code) == code
    return classes, compatible, pairs


def flat(lists):
    """The keys in order, the lists end to end, and where each begins."""
    keys, payload, offsets = sorted(lists), [], []
    for c in keys:
        offsets.append(len(payload))
        payload += lists[c]
    offsets.append(len(payload))
    assert len(payload) < 65536
    return keys, payload, offsets


def property_ranges(properties):
    distinct, ranges, previous = [], [], None
    for c in SCALARS:
        p = properties[c]
        if p != previous:
            if p not in distinct:
                distinct.append(p)
            ranges.append(c << 8 | distinct.index(p))
            previous = p
    assert len(distinct) <= 256
    return distinct, ranges


def lowercase_runs(lowercase):
    """Runs (first, last, stride 1 or 2, signed delta); the caller handles the one mapping to two scalars."""
    multiple = {c: m for c, m in lowercase.items() if len(m) > 1}
    assert multiple == {0x130: [0x69, 0x307]}, multiple
    single = sorted((c, m[0] - c) for c, m in lowercase.items() if len(m) == 1)
    delta = dict(single)
    runs, i, keys = [], 0, [c for c, _ in single]
    done = set()
    for c in keys:
        if c in done:
            continue
        best = None
        for stride in (1, 2):
            last = c
            while delta.get(last + stride) == delta[c] and last + stride not in done and (
                    stride == 1 or last + 1 not in delta):
                last += stride
            if best is None or last - c > 0 and (last - c) // stride > (best[1] - c) // best[2]:
                best = (c, last, stride, delta[c])
        done.update(range(c, best[1] + 1, best[2]))
        runs.append(best)
    runs.sort()
    for (_, last, _, _), (first, _, _, _) in zip(runs, runs[1:]):
        assert last < first, "runs must not interleave"
    return runs


def array(name, kind, values, comment, hexadecimal=True):
    lines, line = [], "   "
    for v in values:
        item = (" 0x%X," if hexadecimal else " %d,") % v
        if len(line) + len(item) > 108:
            lines.append(line)
            line = "   "
        line += item
    lines.append(line)
    return "  /// %s\n  static let %s: [%s] = [\n%s\n  ]\n" % (comment, name, kind, "\n".join(lines))


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else DEFAULT
    properties, decompositions, lowercase = probe()
    distinct, ranges = property_ranges(properties)
    runs = lowercase_runs(lowercase)
    keys, payload, offsets = flat(decompositions)

    with open(os.path.join(folder, "UnicodeTables.swift"), "w") as f:
        f.write("// Written by tools/reference/make-unicode-tables.py from tokenizers %s. Do not edit.\n" %
                tokenizers.__version__)
        f.write("// swift-format-ignore-file\n\n")
        f.write("/// What the reference tokenizer does with each Unicode scalar, frozen.\n///\n")
        f.write("/// The reference mixes versions of Unicode, and Swift's own tables move with the toolchain, so\n")
        f.write("/// `ScalarProperties` reads these and nothing else.\nenum UnicodeTables {\n")
        f.write(array("ranges", "UInt32", ranges,
                      "Sorted: first scalar of a range << 8 | index into `properties`; it ends where the next begins."))
        f.write(array("properties", "UInt16", distinct, "Bits of `ScalarProperties`."))
        f.write(array("decomposed", "UInt32", keys,
                      "Sorted: scalars with a canonical decomposition, Hangul syllables left out."))
        f.write(array("decompositionOffsets", "UInt16", offsets,
                      "Entry i of `decomposed` is `decompositions[offsets[i]..<offsets[i + 1]]`.", False))
        f.write(array("decompositions", "UInt32", payload, "Full canonical decompositions, end to end."))
        f.write(array("lowercaseFirst", "UInt32", [r[0] for r in runs],
                      "Sorted: first scalar of each run of lowercase mappings (U+0130 is left out)."))
        f.write(array("lowercaseLast", "UInt32", [r[1] << 2 | r[2] for r in runs],
                      "Last scalar of the run << 2 | stride (1 or 2)."))
        f.write(array("lowercaseDelta", "Int32", [r[3] for r in runs], "Added to each scalar of the run.", False))
        f.write("}\n")
    classes, compatible, pairs = probe_classes(decompositions)
    kinds, class_ranges = property_ranges(classes)
    compatible_keys, compatible_payload, compatible_offsets = flat(compatible)
    order = sorted(pairs)
    with open(os.path.join(folder, "UnicodeTables+Classes.swift"), "w") as f:
        f.write("// Written by tools/reference/make-unicode-tables.py from tokenizers %s. Do not edit.\n" %
                tokenizers.__version__)
        f.write("// swift-format-ignore-file\n\n")
        f.write("/// What tokenizers other than BERT's ask of a scalar, frozen as well.\nextension UnicodeTables {\n")
        f.write(array("classRanges", "UInt32", class_ranges,
                      "Sorted: first scalar of a range << 8 | index into `classes`; it ends where the next begins."))
        f.write(array("classes", "UInt16", kinds, "Bits of `ScalarClasses`."))
        f.write(array("compatible", "UInt32", compatible_keys,
                      "Sorted: scalars whose compatibility decomposition differs from the canonical one."))
        f.write(array("compatibleOffsets", "UInt16", compatible_offsets,
                      "Entry i of `compatible` is `compatibleParts[offsets[i]..<offsets[i + 1]]`.", False))
        f.write(array("compatibleParts", "UInt32", compatible_payload, "Full compatibility decompositions, end to end."))
        f.write(array("composedFirst", "UInt32", [p[0] for p in order], "Sorted: first scalars of canonical pairs."))
        f.write(array("composedSecond", "UInt32", [p[1] for p in order], "Second scalars, ascending for each first."))
        f.write(array("composed", "UInt32", [pairs[p] for p in order], "What the pairs compose to."))
        f.write("}\n")
    print("%d class ranges, %d kinds, %d compatible (%d scalars), %d pairs" %
          (len(class_ranges), len(kinds), len(compatible_keys), len(compatible_payload), len(order)))
    print("%d ranges, %d property sets, %d decompositions (%d scalars), %d lowercase runs -> %s" %
          (len(ranges), len(distinct), len(keys), len(payload), len(runs), os.path.relpath(folder)))


main()
