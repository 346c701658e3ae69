"""One study from inputs to result: settings, :func:`analyze`, the result and its JSON Schema."""
