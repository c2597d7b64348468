"""Models of SentencePiece, and the pictures and sounds that stand beside models, written by their own libraries."""
import io
import wave

import benign

TEXT = ["the model reads words and writes words", "a tensor has a shape and a type", "weights of a layer are numbers", "some words come often and some do not"] * 40


def samples(w):
    for part in (sentencepiece_samples, picture_samples, sound_samples):
        try:
            part(w)
        except ImportError as error:
            w.skip(part.__name__, str(error))


def sentencepiece_samples(w):
    import sentencepiece as spm

    for kind in ("unigram", "bpe", "char", "word"):
        for rule in ("nmt_nfkc", "identity"):
            out = io.BytesIO()
            spm.SentencePieceTrainer.train(sentence_iterator=iter(TEXT), model_writer=out, vocab_size=45 if kind != "char" else 30, model_type=kind,
                                           normalization_rule_name=rule, hard_vocab_limit=False, num_threads=1, minloglevel=2,
                                           user_defined_symbols=["<mask>"], byte_fallback=False)
            w.add("sentencepiece", kind + "-" + rule.replace("_", "-"), "tokenizer.model", out.getvalue(), "SentencePiece model")
    out = io.BytesIO()
    spm.SentencePieceTrainer.train(sentence_iterator=iter(TEXT), model_writer=out, vocab_size=300, model_type="unigram", byte_fallback=True,
                                   hard_vocab_limit=False, num_threads=1, minloglevel=2)
    w.add("sentencepiece", "byte-fallback", "spiece.model", out.getvalue(), "SentencePiece model")


def picture_samples(w):
    from PIL import Image

    picture = Image.effect_noise((64, 64), 40)
    for suffix, mode in (("png", "RGB"), ("png", "P"), ("jpg", "RGB"), ("gif", "P"), ("bmp", "RGB"), ("webp", "RGB"), ("tiff", "RGB")):
        out = io.BytesIO()
        picture.convert(mode).save(out, {"jpg": "JPEG"}.get(suffix, suffix.upper()))
        w.add("media", suffix + "-" + mode.lower(), "sample." + suffix, out.getvalue(), "picture")
    out = io.BytesIO()
    frames = [picture.rotate(turn).convert("P") for turn in (0, 90, 180)]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], loop=0, comment=b"made by a library")
    w.add("media", "gif-animated", "sample.gif", out.getvalue(), "picture")


def sound_samples(w):
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16000)
        sound.writeframes(bytes(range(256)) * 64)
    w.add("media", "wav", "sample.wav", out.getvalue(), "sound")
