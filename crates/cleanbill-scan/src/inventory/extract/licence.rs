//! Files that hold the text of a licence.

use cleanbill_core::bill::{Licence, Source, Sourced};

use crate::{
    facts::licences_of_file,
    inventory::{Entry, Rank},
    scene::Scene,
};

pub(super) fn extract(scene: &Scene<'_>, entry: &mut Entry) {
    let Some(findings) = licences_of_file(scene) else {
        return;
    };
    entry.state(Rank::Measured, |model| {
        for id in findings.granted() {
            model.licences.push(Sourced::new(
                Licence {
                    expression: Some(id.to_owned()),
                    stated: id.to_owned(),
                    is_found: true,
                },
                Source::concluded(scene.artifact, "text of the licence"),
            ));
        }
    });
}
