//! The core as a participant sees it: an instance, the shared memory, and the numbers that the binary exports.

use std::collections::HashMap;
use std::path::Path;

use wasmtime::{
    Config, Engine, Error, Func, Instance, Linker, MemoryType, Module, Result, SharedMemory, Store, Val, bail,
};

const PAGES_PER_MEBIBYTE: u32 = 16;
const PAGES_MAX: u32 = 65536;

/// Participant 0 of a core of its own. Further ones would be instances on the same memory, each with a store of its
/// own, in any thread.
pub struct Core {
    store: Store<()>,
    instance: Instance,
    memory: SharedMemory,
    calls: HashMap<String, (Func, usize)>,
    numbers: HashMap<String, u32>,
    page: u32,
}

impl Core {
    pub fn open(binary: &Path, mebibytes: u32) -> Result<Core> {
        let mut config = Config::new();
        config.wasm_threads(true).shared_memory(true);
        let engine = Engine::new(&config)?;
        let module = Module::from_file(&engine, binary)?;
        let memory = SharedMemory::new(&engine, MemoryType::shared(mebibytes * PAGES_PER_MEBIBYTE, PAGES_MAX))?;
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        linker.define(&store, "env", "memory", memory.clone())?;
        linker.func_wrap("host", "heldBack", |_: f64, _: f64, _: f64| -> Result<()> {
            bail!("nothing is logged here")
        })?;
        let instance = linker.instantiate(&mut store, &module)?;
        let (calls, numbers) = (HashMap::new(), HashMap::new());
        let mut core = Core {
            store,
            instance,
            memory,
            calls,
            numbers,
            page: 0,
        };
        if core.call("initCore", &[int(mebibytes), int(2)])? == 0 || core.call("joinCore", &[int(0), int(1)])? == 0 {
            bail!("the memory is too small");
        }
        core.page = core.call("participantAddress", &[])?;
        Ok(core)
    }

    /// A number that both sides share, as the binary has it. All that are used here have 32 bits.
    pub fn number(&mut self, name: &str) -> Result<u32> {
        if let Some(number) = self.numbers.get(name) {
            return Ok(*number);
        }
        let global = self
            .instance
            .get_global(&mut self.store, name)
            .ok_or_else(|| unknown(name))?;
        let number = global
            .get(&mut self.store)
            .i32()
            .ok_or_else(|| unknown(name))?
            .cast_unsigned();
        self.numbers.insert(name.to_owned(), number);
        Ok(number)
    }

    pub fn call(&mut self, name: &str, given: &[Val]) -> Result<u32> {
        if !self.calls.contains_key(name) {
            let call = self
                .instance
                .get_func(&mut self.store, name)
                .ok_or_else(|| unknown(name))?;
            let results = call.ty(&self.store).results().len();
            self.calls.insert(name.to_owned(), (call, results));
        }
        let (call, count) = self.calls[name];
        let mut results = [Val::I32(0)];
        call.call(&mut self.store, given, &mut results[..count])?;
        Ok(results[0].i32().map_or(0, i32::cast_unsigned))
    }

    /// What the last call left in the participant's page.
    pub fn result(&mut self, name: &str) -> Result<u32> {
        let at = self.page + self.number(name)?;
        let octets = self.read(at, size_of::<u32>() as u32);
        Ok(u32::from_le_bytes(octets.try_into().expect("four octets")))
    }

    pub fn scratch(&mut self) -> Result<u32> {
        self.result("RESULT_SCRATCH")
    }

    pub fn read(&self, at: u32, length: u32) -> Vec<u8> {
        let octets = &self.memory.data()[at as usize..][..length as usize];
        // SAFETY: what the core gives out to be read is written by nobody until the next call.
        octets.iter().map(|octet| unsafe { *octet.get() }).collect()
    }

    pub fn write(&self, at: u32, octets: &[u8]) {
        let target = &self.memory.data()[at as usize..][..octets.len()];
        for (cell, octet) in target.iter().zip(octets) {
            // SAFETY: the read buffer, scratch, and a message that is being made are this participant's alone.
            unsafe { *cell.get() = *octet };
        }
    }

    pub fn write_queues(&mut self, queues: &[u32]) -> Result<()> {
        let octets: Vec<u8> = queues.iter().flat_map(|queue| queue.to_le_bytes()).collect();
        let scratch = self.scratch()?;
        self.write(scratch, &octets);
        Ok(())
    }

    /// What a queue does, at the place of scratch where the core looks for it.
    pub fn write_feature(&mut self, name: &str, value: f64) -> Result<()> {
        let at = self.scratch()? + self.number(&format!("FEATURES_{name}"))?;
        self.write(at, &value.to_le_bytes());
        Ok(())
    }
}

pub fn int(value: u32) -> Val {
    Val::I32(value.cast_signed())
}

fn unknown(name: &str) -> Error {
    Error::msg(format!("the core has no {name}"))
}
