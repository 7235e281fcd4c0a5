//! Validation by the WebAssembly specification, with the accepted proposals only, and the height of each operand
//! stack.

use wasmparser::{FuncValidatorAllocations, Parser, ValidPayload, Validator, WasmFeatures};

use crate::layout::Layout;
use crate::{Invalid, ProgramRules};

/// The proposals a chain accepts, beside integers of the first specification.
fn features(rules: &ProgramRules) -> WasmFeatures {
    let mut features = WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::BULK_MEMORY_OPT
        | WasmFeatures::GC_TYPES; // how the parser represents types; names nothing a module could use
    features.set(WasmFeatures::MULTI_VALUE, rules.multi_value);
    features
}

/// Validates `wasm` and adds the height of its operand stacks to the frames of `layout`.
pub(crate) fn validate(
    wasm: &[u8],
    rules: &ProgramRules,
    layout: &mut Layout,
) -> Result<(), Invalid> {
    let features = features(rules);
    let mut parser = Parser::new(0);
    parser.set_features(features);
    let mut validator = Validator::new_with_features(features);
    let mut allocations = FuncValidatorAllocations::default();
    let mut frames = layout.bodies.iter_mut().map(|body| &mut body.frame_words);

    for payload in parser.parse_all(wasm) {
        let ValidPayload::Func(function, body) = validator.payload(&payload?)? else {
            continue;
        };
        let mut function = function.into_validator(allocations);
        let mut reader = body.get_binary_reader();
        function.read_locals(&mut reader)?;
        let mut height = 0;
        while !reader.eof() {
            let offset = reader.original_position();
            reader.visit_operator(&mut function.visitor(offset))??;
            height = height.max(function.operand_stack_height());
        }
        reader.finish_expression(&function.visitor(reader.original_position()))?;
        allocations = function.into_allocations();
        // Both walks meet the same bodies in the same order.
        if let Some(frame) = frames.next() {
            *frame += height;
        }
    }
    Ok(())
}
