use siglab_engine::*; use siglab_model::*;
fn main(){ let a:Vec<String>=std::env::args().collect(); let c=Command::new(&a[1]);
 let t=std::time::Instant::now();
 let from=match a.get(2).map(|s|s.as_str()){Some("h")=>FollowFrom::InHandlers,Some("s")=>FollowFrom::Start,_=>FollowFrom::Handler};
 let mut script=Script::default(); if let Some(t)=a.get(3){script=script.send_at(Time::from_nanos(t.parse::<u64>().unwrap()),Signal::INT,"main");}
 let f=follow(&c,&script,&Options::default(),&Follow{from,most_steps:300000}).unwrap();
 println!("{}",f.trace.to_jsonl());
 let own=f.moments.iter().filter(|m|m.own).count();
 println!("steps {} moments {} own {} complete {} {:?}",f.steps,f.moments.len(),own,f.complete,t.elapsed());
 let mut n=std::collections::BTreeMap::new(); for m in &f.moments{*n.entry(format!("{:?}",m.likely)).or_insert(0)+=1;} println!("{n:?}");
 let t=std::time::Instant::now(); let mut hist=std::collections::BTreeMap::new(); let mut tried=0; let step=(f.moments.len()/300).max(1);
 for m in f.moments.iter().step_by(step){ let mut o=Options::default(); o.injections=vec![Injection{moment:m.moment.clone(),signal:Signal::INT}]; o.limits.real_time=Some(std::time::Duration::from_secs(2)); tried+=1;
  let r=run(&c,&Script::default(),&o).unwrap(); let inj=r.events.iter().any(|e|matches!(e.kind,Kind::Injected{..}));
  *hist.entry(format!("inj {inj} {:?}",r.outcome)).or_insert(0)+=1; }
 println!("{tried} runs {:?} each {:?}: {hist:#?}",t.elapsed(),t.elapsed()/tried);
}
