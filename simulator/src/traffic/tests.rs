use super::*;
use crate::{Distribution, Micros};

fn arrivals(text: &str) -> Vec<f64> {
    let traffic = [text.parse::<Traffic>().unwrap()];
    let service = Distribution::Fixed(Micros::from_ms(200));
    Workload::new(5, &traffic, service).map(|arrival| arrival.at.as_secs()).collect()
}

fn refusal(text: &str) -> String {
    text.parse::<Traffic>().unwrap_err().to_string()
}

#[test]
fn every_preset_can_be_simulated_by_its_name() {
    for (name, stands_for, _) in PRESETS {
        let traffic: Traffic = name.parse().unwrap();
        assert_eq!(traffic.to_string(), stands_for);
        let expected = traffic.expected();
        let count = f64::from(u32::try_from(arrivals(name).len()).unwrap());
        assert!((count - expected).abs() <= 5.0 * expected.sqrt() + 1.0, "{name}: {count}");
    }
}

#[test]
fn bursts_come_when_they_should() {
    let times = arrivals("burst:2,at=5s,every=1m,times=2,over=1s");
    assert_eq!(times, [5.0, 5.5, 65.0, 65.5]);
    assert_eq!(arrivals("burst:3"), [0.0; 3]);
}

#[test]
fn a_ramp_brings_three_quarters_of_its_tasks_in_its_second_half() {
    let times = arrivals("ramp:from=0,to=100,for=200s");
    let late = times.iter().filter(|at| **at >= 100.0).count() * 1000 / times.len();
    assert!((735..765).contains(&late), "{late}");
    let falling = arrivals("ramp:from=100,to=0,for=200s");
    assert!(falling.iter().all(|at| *at < 200.0) && falling.len() > 9_000);
}

#[test]
fn nothing_arrives_while_traffic_is_off() {
    let times = arrivals("on-off:rate=50,on=10s,off=20s,for=2m");
    assert!(times.iter().all(|at| at % 30.0 <= 10.0));
    assert!(times.len() > 1_500);
}

#[test]
fn several_kinds_of_traffic_are_merged_in_the_order_of_time() {
    let traffic = ["poisson:rate=5,for=1m".parse().unwrap(), "burst:7,at=30s".parse().unwrap()];
    let service = Distribution::Fixed(Micros::from_ms(200));
    let times: Vec<Micros> =
        Workload::new(5, &traffic, service).map(|arrival| arrival.at).collect();
    assert!(times.is_sorted());
    assert_eq!(times.iter().filter(|at| **at == Micros::from_ms(30_000)).count(), 7);
}

#[test]
fn a_recording_is_replayed_from_its_first_line_on() {
    let text = "at_ms,count,service_ms\n1700000000000,2,50\n1700000000250.5,1,70\n";
    let traffic = [Traffic::recorded("day.csv", text).unwrap()];
    let service = Distribution::Fixed(Micros::ZERO);
    let tasks: Vec<Arrival> = Workload::new(5, &traffic, service).collect();
    let times: Vec<f64> = tasks.iter().map(|task| task.at.as_ms()).collect();
    assert_eq!(times, [0.0, 0.0, 250.5]);
    assert_eq!(tasks[2].service, Micros::from_ms(70));
}

#[test]
fn a_bad_line_of_a_recording_is_named_by_its_number() {
    for (text, message) in [
        ("at_ms\n0\nsoon\n", "a.csv, line 3: at_ms `soon` is not a number of milliseconds"),
        ("at_ms,count\n0,1\n\n5,1.5\n", "a.csv, line 4: count `1.5` is not a whole number"),
        ("at_ms,count\n0,1\n5\n", "a.csv, line 3: 1 fields where the first line names 2 columns"),
        ("at_ms\n9\n5\n", "a.csv, line 3: at_ms 5 is before that of the line above"),
        (
            "time\n9\n",
            "a.csv, line 1: no column at_ms: the first line names the columns, at_ms, count and service_ms",
        ),
        (
            "at_ms,who\n9,me\n",
            "a.csv, line 1: unknown column `who`: there are at_ms, count and service_ms",
        ),
        ("at_ms,count\n1,20000001\n", "a.csv, line 2: more than 20000000 tasks"),
        (
            "at_ms,service_ms\n1,NaN\n",
            "a.csv, line 2: service_ms `NaN` is not a number of milliseconds",
        ),
        ("at_ms\n", "a.csv: the file has no tasks"),
        (
            "",
            "a.csv, line 1: no column at_ms: the first line names the columns, at_ms, count and service_ms",
        ),
    ] {
        let error = Traffic::recorded("a.csv", text).unwrap_err().to_string();
        assert_eq!(error, message, "{text:?}");
    }
}

#[test]
fn mistakes_in_traffic_are_explained_in_one_sentence() {
    for (text, part) in [
        ("poison:rate=2", "there is no traffic `poison`: choose one of poisson, steady, burst"),
        ("poisson:for=1m", "poisson needs rate: for example poisson:rate=20,for=10m"),
        ("poisson:rate=2", "poisson needs an end: for=10m or tasks=100"),
        ("poisson:rate=2,for=10", "`10` is not a duration"),
        ("poisson:rate=fast,for=1m", "`fast` for rate is not a number from 0 to 1000000"),
        ("poisson:rate=0,for=1m", "rate=0 brings no tasks"),
        ("poisson:rate=1000000,for=1h", "at most 20000000 can be simulated"),
        ("poisson:rate=2,for=1m,size=3", "poisson has no key `size`: choose from rate, at, for"),
        ("burst:many", "`many` for size is not a number"),
        ("burst:5,every=1m", "every and times go together"),
        ("burst:5,every=1s,times=2,over=2s", "is shorter than over"),
        ("ramp:from=1,to=2,tasks=5", "ramp needs for"),
        ("storm:5", "storm takes no keys (`5`): write burst:1000 and change that"),
    ] {
        let error = refusal(text);
        assert!(error.contains(part), "{text}: {error}");
    }
}
