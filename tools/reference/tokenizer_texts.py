"""Seeded texts that exercise a tokenizer's hard cases, and the digest of an encoding."""
import random
import struct
import zlib

MARKS = [0x300, 0x301, 0x308, 0x323, 0x327, 0x31B, 0x345, 0x334, 0x5B0, 0x5BC, 0x64B, 0x651, 0x93C, 0x94D, 0xE38,
         0xF71, 0xF72, 0xF74, 0x1DCE, 0x302E, 0x3099, 0x16FF0, 0x1D165, 0x1D16D, 0x1D16E, 0x1E08F, 0x10EFD, 0x20D0]
DECOMPOSING = [0xC5, 0xE9, 0x130, 0x1D5, 0x1E69, 0x1FEF, 0x37E, 0x387, 0x344, 0xF73, 0xF75, 0xF81, 0x958, 0x9DC,
               0xFB1D, 0xFB2C, 0x1D15E, 0x1D160, 0x2260, 0x212B, 0x2126, 0xF900, 0x2F800, 0xAC01, 0xD55C, 0x340,
               0x1F82, 0x1FFC, 0xDDD, 0x1109A, 0x1112E]
MISC = [0, 1, 7, 9, 10, 11, 12, 13, 0x85, 0xA0, 0xAD, 0x200B, 0x200D, 0x2028, 0x202F, 0x3000, 0x180E, 0xFEFF, 0xFFFD,
        0xFFFE, 0x890, 0x8E2, 0xE000, 0x10FFFF, 0x2E80, 0x4E00, 0x9FFF, 0x2B820, 0x2B740, 0x2CEAF, 0xDF, 0x1E9E, 0x3A3,
        0x3C2, 0xFB01, 0x1F600, 0x1F1E9, 0x1F3FD, 0xFE0F, 0xBF, 0x2019, 0x2026, 0x20AC, 0x30, 0x660, 0x166D, 0x111C9,
        0x10A0, 0x10400, 0x1E900, 0x1C80, 0xA64A, 0x120, 0x121]
SPECIALS = ["[CLS]", "[SEP]", "[UNK]", "[MASK]", "[PAD]", "<s>", "</s>", "<unk>", "<mask>", "<pad>", "[unk]", "<UNK>",
            "[ CLS ]", "[[SEP]]", "[CLS", "<ma", "@x@", "@x@@", "Café@", "new york"]
WORDS = ["the", "The", "of", "reuters", "unaffable", "NAÏVE", "coöperate", "don't", "U.S.", "3.14", "hello-world",
         "straße", "ΑΣ", "İstanbul", "東京都", "한국어", "हिन्दी", "ไทย", "café", "cafe\u0301", "x" * 99, "y" * 100,
         "z" * 101, "é" * 100, "e\u0301" * 101, "playing", "embeddings", "antidisestablishmentarianism", "#", "##ing", "_",
         "a_b", "Ġthe", "theĠ", "zĠĠ"]


def text(rng, long=False):
    pieces = []
    for _ in range(rng.randint(0, 60 if long else 14)):
        kind = rng.random()
        if kind < 0.35:
            pieces.append(rng.choice(WORDS))
        elif kind < 0.45:
            pieces.append(rng.choice(SPECIALS))
        elif kind < 0.60:
            base = rng.choice(["e", "A", "", "o", " ", chr(rng.choice(DECOMPOSING))])
            marks = [rng.choice(MARKS + DECOMPOSING) for _ in range(rng.randint(0, 5))]
            pieces.append(base + "".join(map(chr, marks)))
        elif kind < 0.75:
            pieces.append("".join(chr(rng.choice(MISC)) for _ in range(rng.randint(1, 4))))
        elif kind < 0.85:
            pieces.append("".join(chr(rng.randint(0x20, 0x7E)) for _ in range(rng.randint(1, 8))))
        elif kind < 0.95:
            limit = rng.choice([0x250, 0x3000, 0x10000, 0x110000])
            run = [rng.randrange(limit) for _ in range(rng.randint(1, 4))]
            pieces.append("".join(chr(c) for c in run if not 0xD800 <= c < 0xE000))
        else:
            pieces.append(rng.choice(["  ", "\t", "\r\n", "\u2003 ", "..."]))
        if rng.random() < 0.55:
            pieces.append(" ")
    return "".join(pieces)


def packed(encoding):
    """Ids, types and offsets of an encoding, as little-endian 32-bit integers."""
    numbers = list(encoding.ids) + list(encoding.type_ids) + [x for pair in encoding.offsets for x in pair]
    return struct.pack("<%dI" % len(numbers), *numbers)


def digest(encoding):
    return zlib.crc32(packed(encoding))


def seeded(seed):
    return random.Random(seed)


CONTRACTIONS = ["don't", "I'LL", "we've", "they'RE", "it's", "'S", "'ſ", "'t's", "x'd", "'", "''s", "I'm 'M", "'lL'"]
SCRIPTS = ["Привет мир", "Ελληνικά", "العربية", "עברית", "हिन्दी क्षत्रिय", "ไทยภาษา", "中文字符", "日本語テスト", "한국어 한국어",
           "ﬁnancial oﬃce", "①②③", "½ ¼ ⅷ", "Ⅻ", "ｆｕｌｌ　ｗｉｄｔｈ", "ﷺ", "㎏ ㌔", "é e\u0301 ê\u0323", "Å Å", "ệ", "ㅎㅏㄴ",
           "\u1112\u1161\u11ab", "क\u094d\u0937", "\u0958\u094d\u0915\u0301", "ড়", "\u0600\u0661", "٣٤٥", "߁߂", "𝟘𝟙", "𝓐𝓑", "🇩🇪🇫🇷",
           "👩‍👩‍👧‍👦", "👍🏽", "❤️", "©\u200d®", "☺\u200d☺\u0301", "🏳️‍🌈", "क\u200d", "\u0e33", "a\u0308\u0323", "\u0301\u0301", "ß ẞ ſ"]
SPACES = [" ", "  ", "   ", "\n", "\r\n", "\n\n", " \n", "\n ", "\t", "\u00a0", "\u2003", "\u3000", "\u200b", "\u2581", " \u2581", "\u0085",
          "\x0b", "\r", "    ", "\r\n\u0301", "\u200d"]
NUMBERS = ["1", "12", "123", "1234567", "3.14", "1,000", "x2y", "²", "٣", "12a34", "0x1F"]
TAGS = ["<s>", "</s>", "<mask>", "<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]", "<0x0A>", "▁the", "Ġthe", "<mask><mask>", " <mask> ", "</s> ",
        "wholeword", "awholeword", "wholeword_", "é wholeword é", "Ａdded", "added"]
PLAIN = ["the", "The", "THE", "of", "and", "hello", "world", "playing", "lower", "newest", "widest", "internationalization", "a", "I",
         "snake_case", "CamelCase", "e-mail", "x" * 40, "ab" * 60, "!!!", "...", "``quoted''", "(a)", "$5", "#tag", "@user", "--", "—", "a\tb"]


def mixed(rng, long=False):
    """A text over all scripts, for tokenizers of every kind."""
    pieces = []
    for _ in range(rng.randint(0, 60 if long else 12)):
        kind = rng.random()
        if kind < 0.3:
            pieces.append(rng.choice(PLAIN))
        elif kind < 0.4:
            pieces.append(rng.choice(SCRIPTS))
        elif kind < 0.48:
            pieces.append(rng.choice(CONTRACTIONS))
        elif kind < 0.58:
            pieces.append(rng.choice(SPACES))
        elif kind < 0.64:
            pieces.append(rng.choice(NUMBERS))
        elif kind < 0.71:
            pieces.append(rng.choice(TAGS))
        elif kind < 0.78:
            base = rng.choice(["e", "A", "", "o", " ", chr(rng.choice(DECOMPOSING))])
            pieces.append(base + "".join(chr(rng.choice(MARKS + DECOMPOSING)) for _ in range(rng.randint(0, 4))))
        elif kind < 0.84:
            pieces.append("".join(chr(rng.choice(MISC)) for _ in range(rng.randint(1, 3))))
        elif kind < 0.92:
            pieces.append("".join(chr(rng.randint(0x20, 0x7E)) for _ in range(rng.randint(1, 8))))
        else:
            limit = rng.choice([0x250, 0x3000, 0x10000, 0x110000])
            run = [rng.randrange(limit) for _ in range(rng.randint(1, 4))]
            pieces.append("".join(chr(c) for c in run if not 0xD800 <= c < 0xE000))
        if rng.random() < 0.6:
            pieces.append(" ")
    return "".join(pieces)
