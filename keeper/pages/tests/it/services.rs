//! What is registered is what runs.

use agentcity_abi::{artifact, document::canonical_schema};
use agentcity_pages::{
    model::Which,
    service::{self, Service},
};

#[test]
fn the_code_hash_of_what_runs_is_that_of_the_folder_in_the_repository() {
    let folder = crate::root().join("keeper/pages/services");
    let written = tempfile::tempdir().expect("a folder");
    for service in Service::ALL {
        let there = artifact::hash(&folder.join(service.name())).expect("an artifact");
        assert_eq!(service.code_hash(), there, "{}", service.name());
        service.write(written.path()).expect("an artifact");
        let again = artifact::hash(&written.path().join(service.name())).expect("an artifact");
        assert_eq!(again, there);
    }
    let mut hashes: Vec<_> = Service::ALL.map(Service::code_hash).to_vec();
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), Service::ALL.len(), "each has its own");
}

#[test]
fn schemas_are_in_canonical_text_as_laws_hold_them() {
    for service in Service::ALL {
        let schema = service.output_schema();
        let canonical = canonical_schema(schema.as_bytes()).expect("a schema");
        assert_eq!(canonical, schema, "{}", service.name());
        let last = service
            .files()
            .iter()
            .find(|(name, _)| name.ends_with(".schema.json"));
        assert_eq!(last.map(|(_, bytes)| *bytes), Some(schema.as_bytes()));
    }
}

#[test]
fn versions_name_their_service_and_models_are_small() {
    for service in Service::ALL {
        let version = service.files().iter().find(|(name, _)| *name == "version");
        let version = version.map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned());
        assert_eq!(
            version,
            Some(format!("agentcity-pages {} 1\n", service.name()))
        );
    }
    for which in Which::ALL {
        let bytes = service::model(which).expect("a model").write();
        assert!(bytes.len() <= 300 << 10, "{which}: {}", bytes.len());
    }
}
