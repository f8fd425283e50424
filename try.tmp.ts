import { onlineProject, featureCount } from "/tmp/room-store/bench/features/online-project.ts";
import { serve } from "/tmp/room-store/bench/product.ts";
import { load, quantile } from "/tmp/room-store/bench/features/load.ts";
const project = onlineProject();
const server = await serve(project.folder);
console.log("ready", server.readyMs);
try {
for (const data of ["orders","visits"]) for (const rate of [20,100]) {
  let n=0; const all:number[]=[]; const ans:number[]=[]; const read:number[]=[]; let bad=0;
  const seconds=12; const pend:Promise<void>[]=[]; const t0=performance.now();
  for (let i=0;i<rate*seconds;i++){
    const due=t0+i*1000/rate; const w=due-performance.now(); if(w>0) await new Promise(r=>setTimeout(r,w));
    const customer=`c${i%500}`; const at=new Date(Date.now()).toISOString(); const v=i;
    const row:any={customer,at,channel:"web"}; for(let k=0;k<9;k++) row["value_"+k]=k===0?v:k;
    pend.push((async()=>{ const s=performance.now();
      const r=await fetch(`${server.url}/ingest/${data}`,{method:"POST",headers:{"content-type":"application/json"},body:JSON.stringify(row)});
      const b:any=await r.json(); ans.push(performance.now()-s);
      const r2=await fetch(`${server.url}/api/features/online`,{method:"POST",headers:{"content-type":"application/json"},body:JSON.stringify({features:[`${data}.value_0`],keys:[{customer}]})});
      const b2:any=await r2.json(); const got=b2.rows?.[0].values[0]; if(!(got>=v)||b.state!=="done") {bad++; if(bad<3) console.log(b,JSON.stringify(b2));}
      all.push(performance.now()-s);
    })());
  }
  await Promise.all(pend);
  const q=(a:number[],p:number)=>{a=[...a].sort((x,y)=>x-y);return a[Math.min(a.length-1,Math.floor(a.length*p))]!.toFixed(1)};
  console.log(data,rate,"answer p50",q(ans,.5),"p99",q(ans,.99),"max",q(ans,1),"readable p50",q(all,.5),"p99",q(all,.99),"bad",bad);
}
for (const [k,f,rate] of [[1,50,10],[1,50,100],[100,50,100],[100,250,10],[100,250,100]] as const){
 const bodies=Array.from({length:100},(_,b)=>JSON.stringify({features:Array.from({length:f},(_,i)=>`wide.feature_${(i+b)%1===0?i:i}`),keys:Array.from({length:k},(_,r)=>({entity:(b*7919+r*131)%10000}))}));
 const before=(await import("node:fs")).readFileSync(`/proc/${server.pid}/stat`,"utf8").split(" ");
 const r=await load({url:`${server.url}/api/features/online`,bodies,perSecond:rate,seconds:8});
 const after=(await import("node:fs")).readFileSync(`/proc/${server.pid}/stat`,"utf8").split(" ");
 const cpu=(Number(after[13])+Number(after[14])-Number(before[13])-Number(before[14]))*10/r.sent;
 console.log(`${k}x${f}@${rate}`, "p50",quantile(r.ms,.5).toFixed(2),"p99",quantile(r.ms,.99).toFixed(2),"ok",r.ok/r.sent,"cpu ms/req",cpu.toFixed(3));
}
const st=await (await fetch(server.url+"/api/status")).json(); console.log(JSON.stringify(st.components.map((c:any)=>[c.id,c.state,c.facts,c.lastRun?.durationMs])));
const runs:any=await (await fetch(server.url+"/api/runs?limit=100")).json(); console.log(runs.runs.map((r:any)=>`${r.component} ${r.rows?.read} ${r.durationMs}ms`).join("; "));
} finally { await server.stop(); project.remove(); }
