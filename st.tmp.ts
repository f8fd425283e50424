import { openGroup, definitionOf } from "./test/data/group.ts";
import { openPosts } from "./src/data/take-posts.ts";
import { openPostedRowsJudge } from "./src/data/posted-rows.ts";
import { category, count, mean, defineData, number, push } from "./src/index.ts";
import { duckdbQuery } from "./src/drivers/duckdb-query.ts";
import { committedPosts } from "./src/features/posts.ts";
import { groupFiles } from "./src/features/group-files.ts";
for (const windows of [false,true]) {
const features:any={}; for(let k=0;k<9;k++) features["value_"+k]=number({min:0}); features.channel=category();
const c:any=defineData({name:"orders",source:push(),key:"customer",eventTime:"at",features,...(windows?{windows:{day:count({over:"1d"}),usual:(mean as any)("value_0",{over:"7d"})}}:{})} as any);
const g=await openGroup(); const def=definitionOf(c); const {database,online,offline}=g.parts;
const T:Record<string,number[]>={}; const wrap=(o:any,names:string[],p:string)=>{const r:any={...o};for(const n of names){r[n]=async(...a:any[])=>{const s=performance.now();try{return await o[n](...a);}finally{(T[p+n]??=[]).push(performance.now()-s)}}}return r;};
const posts=openPosts(def,{database:wrap(database,["transaction","get"],"db."),online:wrap(online,["apply"],"lmdb."),openJudge:async()=>{const q=await duckdbQuery({memoryMb:256,temporaryFolder:g.folder,threads:1});return wrap(await openPostedRowsJudge(def,{query:q,online,history:{head:()=>committedPosts(database,"orders"),files:(s)=>groupFiles(database,offline,"orders",s)}}),["judge"],"")}});
const lat:number[]=[];const pend:any[]=[];const rate=100;const t0=performance.now();
const cpu0=process.cpuUsage();
for(let i=0;i<600;i++){const due=t0+i*1000/rate;const w=due-performance.now();if(w>0)await new Promise(r=>setTimeout(r,w));
 const row:any={customer:"c"+i%500,at:new Date().toISOString(),channel:"web"};for(let k=0;k<9;k++)row["value_"+k]=i;
 const s=performance.now();pend.push(posts.take([row],null).then(()=>lat.push(performance.now()-s)));}
await Promise.all(pend);const cpu=process.cpuUsage(cpu0);
const q=(a:number[],p:number)=>{a=[...a].sort((x,y)=>x-y);return a[Math.min(a.length-1,Math.floor(a.length*p))]!.toFixed(2)};
console.log("windows",windows,"lat p50",q(lat,.5),"p99",q(lat,.99),"max",q(lat,1),"cpu/row ms",((cpu.user+cpu.system)/1000/600).toFixed(2));for(const[k,v]of Object.entries(T))console.log(k,v.length,"p50",q(v,.5),"p99",q(v,.99),"max",q(v,1));
await g.close();}
process.exit(0)
