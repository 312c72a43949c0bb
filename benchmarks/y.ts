import { openStore, sum, types, makeField } from '@sheafdb/core'
import { mkdtempSync, rmSync } from 'node:fs'
const raw = { name: 'raw', layoutVersion: 1, layout: () => [{ part: '', fields: [makeField('v', types.int32,{fieldId:2,nullable:false})], key: [] }], open: (c: any) => c } as any
const f = mkdtempSync('/tmp/bench-')
const store: any = await openStore(f+'/s', { models: [raw], memoryLimit: 2**31 })
const N=50_000_000
const all = new Int32Array(N); for (let i=0;i<N;i++) all[i]=Math.imul(i, 2654435761)>>4
await store.raw.write((tx: any) => { tx.createCollection('raw', 't', { version: 1, tables: raw.layout() })})
for (let s=0;s<N;s+=10e6) await store.raw.write((tx:any)=>tx.insert('raw:t', { fields: ['v'], length: 10e6, columns: [{layout:'flat', type: types.int32, length:10e6, validity:null, values: all.subarray(s,s+10e6)}] }))
const q = store.from('t').groupBy().agg({ s: sum('v') })
function plain(v: Int32Array) { let t=0; for (let i=0;i<v.length;i++) t+=v[i]!; return t }
const src = store.raw.snapshot().source('raw:t')
const arrs: any[] = []
for (const b of src.scan({columns:[{field:'v', type: types.int32}], predicates:[]})) arrs.push(b.columns[0].values)
console.log(arrs.length, arrs[0].constructor.name, arrs[0].length, arrs[0].buffer.byteLength, arrs[0].byteOffset)
const fn = new Function('a1','a2','n','c6', `"use strict"; let l4=a1[0], l5=a2[0]; for (let i=0;i<n;i+=1){ l4 += c6[i]; l5 += 1 } a1[0]=l4; a2[0]=l5;`)
if (process.env.REP) { for (let i=0;i<60;i++) await q.rows() } else for (let i=0;i<8;i++){ let t=performance.now(); const r = await q.rows(); const a=performance.now()-t; t=performance.now(); plain(all); const b=performance.now()-t; t=performance.now(); let s=0; for (const x of arrs) s+=plain(x); const c=performance.now()-t
 t=performance.now(); let k=0; for (const b of src.scan({columns:[{field:'v', type: types.int32}], predicates:[]})) k+=b.length; const d=performance.now()-t
 const a1=new Float64Array(1),a2=new Float64Array(1); t=performance.now(); for (const x of arrs) fn(a1,a2,x.length,x); const e=performance.now()-t
 console.log('query',a.toFixed(1),'plain',b.toFixed(1),'plain on mapped',c.toFixed(1),'scan only',d.toFixed(1),'gen',e.toFixed(1), r[0].s, s) }
await store.close(); rmSync(f,{recursive:true})
