use temporalio_common::envconfig::DataSource;

use super::*;
use crate::environment::tests::environment;

const ONE_BAD: &str = r#"
[profile.default]
address = "localhost:38233"

[profile.unused]
address = "cloud.example.com:7233"
[profile.unused.tls]
client_cert_path = "a.pem"
client_cert_data = "b"

[profile.typo]
tls = true

[profile.number]
address = 5
"#;

fn load_text(
    text: &str,
    profile: Option<&str>,
    variables: &[(&str, &str)],
) -> Result<ClientConfigProfile, String> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("t.toml");
    fs::write(&file, text).unwrap();
    let source =
        ProfileSource { file: Some(file), profile: profile.map(str::to_owned), user_file: false };
    load(&source, &environment(variables).unwrap())
        .map_err(|error| error.to_string().replace(&dir.path().display().to_string(), "DIR"))
}

#[test]
fn a_broken_profile_that_is_not_used_breaks_nothing() {
    let profile = load_text(ONE_BAD, None, &[]).unwrap();
    assert_eq!(profile.address.as_deref(), Some("localhost:38233"));
}

#[test]
fn a_broken_profile_that_is_used_is_named_with_its_mistake() {
    let error = |profile| load_text(ONE_BAD, Some(profile), &[]).unwrap_err();
    assert_eq!(
        error("unused"),
        "profile \"unused\" in DIR/t.toml: tls.client_cert_path and tls.client_cert_data are both \
         set: remove one of them"
    );
    assert_eq!(
        error("typo"),
        "profile \"typo\" in DIR/t.toml: tls must be a table, written [profile.NAME.tls]"
    );
    assert_eq!(
        error("number"),
        "profile \"number\" in DIR/t.toml: address must be a string in quotes"
    );
    assert_eq!(error("nobody"), "there is no profile \"nobody\" in DIR/t.toml");
}

#[test]
fn a_file_that_is_no_toml_is_named_with_its_line() {
    let error = load_text("\n[profile.default\n", None, &[]).unwrap_err();
    assert!(error.starts_with("DIR/t.toml:2: "), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
}

#[test]
fn empty_variables_change_nothing_in_the_profile() {
    let text = "[profile.default]\naddress = \"a:1\"\nnamespace = \"n\"\napi_key = \"\"\n";
    let empty = [
        "TEMPORAL_ADDRESS",
        "TEMPORAL_NAMESPACE",
        "TEMPORAL_API_KEY",
        "TEMPORAL_PROFILE",
        "TEMPORAL_CONFIG_FILE",
        "TEMPORAL_TLS",
        "TEMPORAL_TLS_SERVER_NAME",
        "TEMPORAL_TLS_CLIENT_CERT_PATH",
        "TEMPORAL_TLS_CLIENT_CERT_DATA",
    ]
    .map(|name| (name, ""));
    let profile = load_text(text, None, &empty).unwrap();
    assert_eq!(profile.address.as_deref(), Some("a:1"));
    assert_eq!(profile.namespace.as_deref(), Some("n"));
    assert_eq!((profile.api_key, profile.tls), (None, None));
}

#[test]
fn variables_override_the_profile() {
    let text = "[profile.p]\naddress = \"a:1\"\n[profile.p.tls]\nserver_ca_cert_path = \"ca\"\n\
                [profile.p.grpc_meta]\nX_One = \"1\"\ntwo = \"2\"\n";
    let variables = [
        ("TEMPORAL_PROFILE", "p"),
        ("TEMPORAL_ADDRESS", "b:2"),
        ("TEMPORAL_TLS_DISABLE_HOST_VERIFICATION", "true"),
        ("TEMPORAL_GRPC_META_TWO", ""),
    ];
    let profile = load_text(text, None, &variables).unwrap();
    assert_eq!(profile.address.as_deref(), Some("b:2"));
    let tls = profile.tls.unwrap();
    assert_eq!(tls.server_ca_cert, Some(DataSource::Path("ca".into())));
    assert!(tls.disable_host_verification);
    assert_eq!(profile.grpc_meta, [("x-one".to_owned(), "1".to_owned())].into());
}
