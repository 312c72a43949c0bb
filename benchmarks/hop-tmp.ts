import { openStore } from '@sheafdb/core'
import { graph } from '@sheafdb/graph'
import { seededRandom } from './workloads/flights-data.ts'
import { tableFromArrays } from 'apache-arrow'
const NODES=100_000, EDGES=+(process.argv[2]??3_000_000)
const random = seededRandom(7)
const from=new Int32Array(EDGES), to=new Int32Array(EDGES)
for(let i=0;i<EDGES;i++){from[i]=Math.floor(random()*NODES);to[i]=((from[i] as number)+1+Math.floor(random()*(NODES-1)))%NODES}
const path = process.argv[3] ?? ':memory:'
let store=await openStore(path,{models:[graph()]}); let g=store.graph('r')
const time=async(n:string,f:()=>any,reps=1)=>{ let ts:number[]=[], r; for(let i=0;i<reps;i++){const t=performance.now(); r=await f(); ts.push(performance.now()-t)} console.log(n.padEnd(40),'first',ts[0]!.toFixed(1),'median', ts.sort((a,b)=>a-b)[reps>>1]!.toFixed(2)+' ms', r!==undefined? JSON.stringify(r,(k,v)=>typeof v==='bigint'?Number(v):v)?.slice(0,100):''); return r }
await time('nodes',()=>g.addNodes('Airport',Array.from({length:NODES},(_,id)=>({id, name:'n'+id, g: id%10}))).then(()=>0))
await time('edges',()=>g.addEdges('ROUTE',tableFromArrays({source:from,target:to}),{source:['Airport','source'],target:['Airport','target']}).then(()=>0))
const ids=Array.from({length:100},(_,i)=>i*37)
const Q='MATCH (a:Airport)-[:ROUTE]->(b:Airport)-[:ROUTE]->(c:Airport) WHERE a.id IN $ids RETURN count(*) AS n'
await time('2hop', ()=>g.query(Q,{ids}).rows(), 11)
await time('2hop no labels', ()=>g.query('MATCH (a)-[:ROUTE]->(b)-[:ROUTE]->(c) WHERE a.id IN $ids RETURN count(*) AS n',{ids}).rows(), 11)
await time('2hop distinct', ()=>g.query('MATCH (a)-[:ROUTE]->(b)-[:ROUTE]->(c) WHERE a.id IN $ids RETURN count(DISTINCT c) AS n',{ids}).rows(), 9)
await time('point', ()=>g.query('MATCH (a:Airport {id: $id}) RETURN a.name AS n',{id:77}).rows(), 9)
await time('1hop names', ()=>g.query('MATCH (a:Airport {id: $id})-[:ROUTE]->(b) RETURN b.name AS n',{id:77}).count(), 9)
await time('group by g', ()=>g.query('MATCH (a)-[:ROUTE]->(b) RETURN b.g AS g, count(*) AS n ORDER BY g LIMIT 1').rows(), 3)
await time('shortest', ()=>g.query('MATCH (a {id: 1}), (b {id: 99999}) MATCH p = shortestPath((a)-[:ROUTE*]->(b)) RETURN length(p) AS n').rows(), 5)
await time('create x100', async()=>{ for(let i=0;i<100;i++) await g.run('CREATE (:X {i: $i})',{i}) })
await time('create edge x20', async()=>{ for(let i=0;i<20;i++) await g.run('MATCH (a:X {i: $i}), (b:X {i: $j}) CREATE (a)-[:Y]->(b)',{i, j:i+1}) })
await time('merge 10K unwind', async()=>(await g.run('UNWIND range(1,10000) AS i MERGE (x:M {i: i % 5000})')).counters.nodesCreated)
await store.close()
if (path!==':memory:') { await time('reopen',async()=>{store=await openStore(path,{models:[graph()]}); g=store.graph('r')}); await time('count',()=>g.query('MATCH (n) RETURN count(*) AS n').rows()); await time('2hop cold', ()=>g.query(Q,{ids}).rows()); await store.close() }
