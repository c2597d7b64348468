//! Models behind a provider's address, and servers of tools, that code and configuration name.

use cleanbill_core::bill::{
    Component, ComponentKind, ExternalReference, Party, ReferenceKind, RelationKind, Source, Sourced,
};
use cleanbill_formats::Parsed;

use crate::{agents, hosted, inventory::Entry, scene::Scene};

pub(super) fn extract(scene: &Scene<'_>, entry: &mut Entry) {
    for parsed in scene.parsed {
        let Parsed::Text(view) = parsed else { continue };
        for model in hosted::models(view, scene) {
            let source = Source::file(scene.artifact, &format!("byte {}", model.range.start));
            let mut service = Component::new(
                ComponentKind::Service,
                &format!("service:model/{}", model.name),
                &model.name,
            );
            service.supplier = hosted::provider(&model.name).map(|name| {
                Sourced::new(
                    Party {
                        name: name.to_owned(),
                        ..Party::default()
                    },
                    Source::concluded(scene.artifact, "family of the model's name"),
                )
            });
            service.property(
                "cleanbill:version-fixed",
                if model.is_dated { "true" } else { "false" },
                source.clone(),
            );
            entry.name(RelationKind::DependsOn, "hosted model", service, source);
        }
        for server in agents::servers(view, scene) {
            let source = Source::file(scene.artifact, &server.name);
            let mut service = Component::new(
                ComponentKind::Service,
                &format!("service:mcp/{}", server.name),
                &server.name,
            );
            service.property("cleanbill:protocol", "MCP", source.clone());
            if server.address.is_empty() {
                service.property("cleanbill:command", server.command.clone(), source.clone());
                if let Some(package) = package(&server.command, &server.arguments) {
                    service.property("cleanbill:package", package, source.clone());
                }
            } else {
                service.references.push(Sourced::new(
                    ExternalReference {
                        kind: ReferenceKind::Other,
                        url: address(&server.address),
                        digests: Vec::new(),
                    },
                    source.clone(),
                ));
            }
            entry.name(RelationKind::DependsOn, "server of tools", service, source);
        }
    }
}

/// Returns the package that a runner such as `npx` or `uvx` fetches; the first argument that is no option.
fn package(command: &str, arguments: &[String]) -> Option<String> {
    let runner = command.rsplit(['/', '\\']).next().unwrap_or(command);
    if !matches!(runner, "npx" | "uvx" | "pipx" | "bunx" | "pnpx" | "npx.cmd") {
        return None;
    }
    arguments
        .iter()
        .find(|argument| !argument.starts_with('-') && argument.as_str() != "run")
        .cloned()
}

/// Leaves out what an address may hold beside the place: names, passwords, keys in the query.
fn address(url: &str) -> String {
    let place = url.split(['?', '#']).next().unwrap_or(url);
    super::dependencies::without_password(place)
}
