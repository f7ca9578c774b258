#!/usr/bin/env node
// Here because it must be executable, which what the compiler writes is not.
await import('../dist/main.js');
