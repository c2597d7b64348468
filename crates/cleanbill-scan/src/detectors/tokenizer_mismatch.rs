//! Detector `tokenizer-mismatch`.

use cleanbill_core::text;

use crate::{
    collection::{Collection, CollectionSink},
    detector::detector,
    facts::{embedding, model_tensors},
};

detector! {
    /// ## What it finds
    /// A `tokenizer.json` with a token id for which the word embedding has no row.
    /// ## Why it matters
    /// The model was trained with another tokenizer, or the tokenizer was exchanged. Such an id reads outside of the table:
    /// an error at best, another row's memory on some accelerators.
    /// ## How it is decided
    /// The largest id of the vocabulary and of the added tokens is held against the rows of the word embedding.
    /// ## What it misses
    /// Embeddings that cannot be found by their usual names; tokenizers in other files.
    /// ## What to do
    /// Take tokenizer and weights from one revision of one supplier.
    /// ## References
    /// CWE-129, MITRE ATLAS AML.T0018.
    id: "tokenizer-mismatch",
    title: "Tokenizer does not fit the embedding", "分词器与词嵌入不符",
    severity: Medium, confidence: High,
    tags: &["CWE-129", "AML.T0018"], controls: &["MOD-02"],
    on: collection => run,
}

fn run(collection: &Collection<'_>, sink: &mut CollectionSink<'_>) {
    let Some((file, vocabulary)) = collection
        .file("tokenizer.json")
        .and_then(|file| Some((file, file.vocabulary.as_ref()?)))
    else {
        return;
    };
    let Some(tensors) = model_tensors(collection) else {
        return;
    };
    let Some(embedding) = embedding(&tensors) else {
        return;
    };
    let rows = embedding.shape.first().copied().unwrap_or_default();
    let largest = vocabulary.largest;
    if largest >= rows {
        sink.at(file)
            .report(
                Some(vocabulary.range.clone()),
                text!(
                    "token id {largest} has no row in an embedding of {rows}",
                    "词元编号 {largest} 超出 {rows} 行的词嵌入"
                ),
            )
            .evidence(&embedding.name);
    }
}
