//! Files that hold the text of a licence.

use cleanbill_core::bill::{Licence, Source, Sourced};

use crate::{
    facts::licence_of_file,
    inventory::{Entry, Rank},
    scene::Scene,
};

pub(super) fn extract(scene: &Scene<'_>, entry: &mut Entry) {
    let Some(found) = licence_of_file(scene) else {
        return;
    };
    entry.state(Rank::Measured, |model| {
        model.licences.push(Sourced::new(
            Licence {
                expression: None,
                stated: found.to_owned(),
                is_found: true,
            },
            Source::concluded(scene.artifact, "text of the licence"),
        ));
    });
}
