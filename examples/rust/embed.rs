// Embeds each line of standard input and prints the vector's length and first numbers.
//
//     rustc -O embed.rs -L $(pkg-config --variable=prefix taper)/lib -l taper && ./embed mini.plan < texts.txt
use std::ffi::{c_char, c_int, CStr, CString};
use std::io::BufRead;
use std::ptr;

#[repr(C)]
struct Plan {
    _opaque: [u8; 0],
}
#[repr(C)]
struct Session {
    _opaque: [u8; 0],
}
/// taper_plan_facts
#[repr(C)]
struct Facts {
    size: usize,
    kind: c_int,
    width: u32,
    maximum_tokens: u32,
    threads: u32,
    vocabulary: u32,
    is_normalized: c_int,
    model: *const c_char,
}

extern "C" {
    fn taper_last_error() -> *const c_char;
    fn taper_plan_open(path: *const c_char, options: *const u8, plan: *mut *mut Plan) -> c_int;
    fn taper_plan_close(plan: *mut *mut Plan);
    fn taper_plan_read_facts(plan: *const Plan, facts: *mut Facts) -> c_int;
    fn taper_session_open(plan: *const Plan, options: *const u8, session: *mut *mut Session) -> c_int;
    fn taper_session_close(session: *mut *mut Session);
    fn taper_run(
        session: *mut Session, text: *const u8, text_bytes: usize, pair: *const u8, pair_bytes: usize,
        result: *mut f32, capacity: usize, answer: *mut u8,
    ) -> c_int;
}

fn check(status: c_int) -> Result<(), String> {
    if status == 0 {
        return Ok(());
    }
    Err(unsafe { CStr::from_ptr(taper_last_error()) }.to_string_lossy().into_owned())
}

fn run(path: &str) -> Result<(), String> {
    let path = CString::new(path).map_err(|error| error.to_string())?;
    let (mut plan, mut session) = (ptr::null_mut(), ptr::null_mut());
    unsafe {
        check(taper_plan_open(path.as_ptr(), ptr::null(), &mut plan))?;
        let mut facts: Facts = std::mem::zeroed();
        facts.size = std::mem::size_of::<Facts>();
        check(taper_plan_read_facts(plan, &mut facts))?;
        check(taper_session_open(plan, ptr::null(), &mut session))?;
        let mut vector = vec![0f32; facts.width as usize];
        for line in std::io::stdin().lock().lines() {
            let line = line.map_err(|error| error.to_string())?;
            check(taper_run(
                session, line.as_ptr(), line.len(), ptr::null(), 0, vector.as_mut_ptr(), vector.len(),
                ptr::null_mut(),
            ))?;
            let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
            println!("{length:.4} {:.4?} {line}", &vector[..vector.len().min(4)]);
        }
        taper_session_close(&mut session);
        taper_plan_close(&mut plan);
    }
    Ok(())
}

fn main() {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: embed PLAN < TEXTS");
        std::process::exit(64);
    };
    if let Err(error) = run(&path) {
        eprintln!("{path}: {error}");
        std::process::exit(1);
    }
}
