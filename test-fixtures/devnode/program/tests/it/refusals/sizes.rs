//! Limits on counts and sizes: one more is refused, the limit itself is accepted.

use super::*;

#[test]
fn refuses_memory_beyond_128_pages() {
    let text = |memory: &str| {
        format!(
            r#"(module (memory (export "memory") {memory})
                (func (export "user_entrypoint") (param i32) (result i32) i32.const 0))"#
        )
    };
    refuses!(
        text("129 129"),
        text("128 128"),
        Invalid::MemoryPages { pages: 129 }
    );
    refuses!(
        text("65536 65536"),
        text("0 0"),
        Invalid::MemoryPages { pages: 65_536 }
    );
}

#[test]
fn refuses_more_than_128_kib() {
    let padded = |bytes: usize| {
        let mut module = wasm(&module("", ""));
        // Section id 0, size in three bytes, name of one byte, contents.
        let rest = bytes - module.len() - 4;
        let custom = CustomSection {
            name: "p".into(),
            data: vec![0; rest - 2].into(),
        };
        module.push(0);
        custom.encode(&mut module);
        assert_eq!(module.len(), bytes);
        module
    };
    refuses!(bytes padded(131_073), padded(131_072), Invalid::TooLarge { bytes: 131_073 });
}

#[test]
fn refuses_more_than_4096_functions() {
    // One is the entry point.
    let text = |functions: usize| module("", &"(func)".repeat(functions));
    refuses!(
        text(4_096),
        text(4_095),
        Invalid::Functions { functions: 4_097 }
    );
}

#[test]
fn refuses_more_than_513_imports() {
    let text = |imports: usize| {
        module(
            &r#"(import "vm_hooks" "msg_value" (func (param i32)))"#.repeat(imports),
            "",
        )
    };
    refuses!(text(514), text(513), Invalid::Imports { imports: 514 });
}

#[test]
fn refuses_more_than_1024_exports() {
    // Two are the memory and the entry point.
    let text = |exports: usize| {
        let exports: String = (0..exports)
            .map(|n| format!(r#"(export "e{n}" (func $f))"#))
            .collect();
        module("", &format!("(func $f) {exports}"))
    };
    refuses!(
        text(1_023),
        text(1_022),
        Invalid::Exports { exports: 1_025 }
    );
}

#[test]
fn refuses_more_than_128_segments() {
    let data = |segments: usize| module("", &r#"(data (i32.const 0) "x")"#.repeat(segments));
    refuses!(
        data(129),
        data(128),
        Invalid::DataSegments { segments: 129 }
    );
    let elements = |segments: usize| {
        module(
            "",
            &format!(
                "(table 1 funcref) (func $f) {}",
                "(elem (i32.const 0) func $f)".repeat(segments)
            ),
        )
    };
    refuses!(
        elements(129),
        elements(128),
        Invalid::ElementSegments { segments: 129 }
    );
}

#[test]
fn refuses_more_than_348_locals() {
    let text = |params: usize, locals: usize| {
        module(
            "",
            &format!(
                "(func (param {}) (local {}))",
                "i32 ".repeat(params),
                "i64 ".repeat(locals)
            ),
        )
    };
    refuses!(
        text(0, 349),
        text(0, 348),
        Invalid::Locals {
            function: 1,
            locals: 349
        }
    );
    refuses!(
        text(1, 348),
        text(1, 347),
        Invalid::Locals {
            function: 1,
            locals: 349
        }
    );
    refuses!(
        text(349, 0),
        text(348, 0),
        Invalid::Locals {
            function: 1,
            locals: 349
        }
    );
}

#[test]
fn refuses_more_than_65536_operators() {
    // The end of the function is one.
    let text = |nops: usize| module("", &format!("(func {})", "nop ".repeat(nops)));
    refuses!(text(65_536), text(65_535), Invalid::Ops { function: 1 });
}

#[test]
fn refuses_more_than_4096_table_entries() {
    let text = |entries: usize| module("", &format!("(table {entries} funcref)"));
    refuses!(
        text(4_097),
        text(4_096),
        Invalid::TableEntries { entries: 4_097 }
    );
}

#[test]
fn refuses_names_beyond_512_bytes() {
    let export = |bytes: usize| module("", &format!(r#"(func (export "{}"))"#, "n".repeat(bytes)));
    refuses!(
        export(513),
        export(512),
        Invalid::Name {
            kind: "export",
            bytes: 513,
            ..
        }
    );
    let function = |bytes: usize| module("", &format!("(func ${})", "n".repeat(bytes)));
    refuses!(
        function(513),
        function(512),
        Invalid::Name {
            kind: "function",
            bytes: 513,
            ..
        }
    );

    // An import of a long name is unknown in any case; the length is seen first.
    let import =
        |name: &str, of: &str| wasm(&module(&format!(r#"(import "{of}" "{name}" (func))"#), ""));
    let long = "n".repeat(513);
    let fits = "n".repeat(512);
    assert!(matches!(
        verdict(&import(&long, "vm_hooks"), &CHAIN),
        Err(Invalid::Name { kind: "import", .. })
    ));
    assert!(matches!(
        verdict(&import(&fits, "vm_hooks"), &CHAIN),
        Err(Invalid::UnknownImport { .. })
    ));
    assert!(matches!(
        verdict(&import("f", &long), &CHAIN),
        Err(Invalid::Name {
            kind: "import module",
            ..
        })
    ));
    assert!(matches!(
        verdict(&import("f", &fits), &CHAIN),
        Err(Invalid::UnknownImport { .. })
    ));
}
