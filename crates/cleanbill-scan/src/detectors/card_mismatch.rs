//! Detector `card-mismatch`.

use cleanbill_core::text;

use crate::{
    collection::{Collection, CollectionSink},
    detector::detector,
    facts::model_tensors,
};

detector! {
    /// ## What it finds
    /// A model card whose title claims another number of parameters than the tensors have.
    /// ## Why it matters
    /// A card that does not fit its weights was copied, or the weights were exchanged.
    /// ## How it is decided
    /// A size in the first heading (`7B`, `350M`) against the elements of all tensors; a third more or less is forgiven,
    /// since suppliers round and some leave embeddings out.
    /// ## What it misses
    /// Quantised and packed weights, mixtures of experts, cards without a size in the title.
    /// ## What to do
    /// Compare with the supplier's published revision.
    /// ## References
    /// MITRE ATLAS AML.T0074.
    id: "card-mismatch",
    title: "Model card does not fit the weights", "模型卡与权重不符",
    severity: Low, confidence: Medium,
    tags: &["AML.T0074"], controls: &["MOD-11"],
    on: collection => run,
}

fn run(collection: &Collection<'_>, sink: &mut CollectionSink<'_>) {
    let packed = collection
        .files
        .iter()
        .filter_map(|file| file.settings.as_ref())
        .any(|settings| settings.packed || settings.is_adapter);
    let Some((file, (claimed, range))) = collection.files.iter().find_map(|file| {
        let card = file.card.as_ref()?;
        Some((file, card.parameters.as_ref()?))
    }) else {
        return;
    };
    let Some(tensors) = model_tensors(collection).filter(|_| !packed) else {
        return;
    };
    let whole = |dtype: &str| matches!(dtype, "F64" | "F32" | "F16" | "BF16" | "F8_E4M3" | "F8_E5M2");
    if !tensors
        .iter()
        .all(|tensor| whole(&tensor.dtype) || tensor.elements().is_some_and(|count| count < 1_000_000))
    {
        return;
    }
    let count = tensors.iter().fold(0_u64, |sum, tensor| {
        sum.saturating_add(tensor.elements().unwrap_or_default())
    });
    if count < claimed / 3 * 2 || count > claimed.saturating_mul(3) / 2 {
        sink.at(file).report(
            Some(range.clone()),
            text!(
                "the title claims {claimed} parameters, the tensors have {count}",
                "标题声称有 {claimed} 个参数，张量实际有 {count} 个"
            ),
        );
    }
}
