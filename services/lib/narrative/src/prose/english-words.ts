import { englishForms, type WordList } from "./word-roles.ts";

const RISK =
  "risk,risks,score,scores,rating,risk score,risk rating,risk level,risk profile,overall risk,overall score,overall risk score,exposure,level of risk";
const TOP =
  "main,biggest,strongest,largest,greatest,leading,chief,top,principal,primary,key,dominant,major,prime,foremost,heaviest,predominant,most important,most significant,most influential,most relevant,most decisive,most notable,decisive,highest,furthest,first and foremost";

/** Words that a sentence about a score needs. Left out on purpose: what the facts cannot confirm. */
export const ENGLISH_WORDS: WordList = {
  plain: [
    "falls into,fall into,falls in,fall in,falls within,falls under,falling into,the following,following data,information,we have,presence of,presence,fact that,the fact that,carries,carry,carrying,offers,offer,provides,provide,poses,pose,exist,exists,looks,look,supported by,joined by,scheme,supplies,field,fields,detail,details,arrives,arrive,attached,offered,exerted,the,a,an,this,that,these,those,such,its,their,our,his,her,of,at,with,in,on,to,for,from,by,into,within,under the heading of,among,between,behind,alongside,along,upon,through,via,per,towards,about,around,regarding,concerning,according,as,like,such as,including,includes,include,included,namely,that is,i.e.,e.g.,for example,for instance,in other words,or,so",
    "who,which,whose,where,what,when,there,here,we,our,us,do,does,did,did so,has,have,had,having,had been,has been,have been,was,were,been,be,being,would be typical,would be usual,would be normal",
    "also,too,as well,in addition,additionally,furthermore,moreover,further,besides,equally,alike,other,another,additional,next to,more,still,together,together with,in total,overall,on the whole,all in all,taken together,taking everything together,in sum,in summary,to sum up,in short,put simply,simply put,in brief,finally,lastly,currently,now,at present,latest,current,present,currently",
    "that said,in particular,particularly,especially,notably,specifically,looking at,with regard to,in terms of,when it comes to,as far as,concerned,as for,turning to,in turn,in this assessment,in this case,here the,in detail,more precisely,based on,on the basis of,on the strength of,in light of,given,by the numbers,seen,viewed,accordingly",
    englishForms(
      "show display indicate report record register state contain mention include place rate classify class assess assign consider regard compute calculate determine estimate score note name list mark label judge evaluate describe present measure observe remain reach attain obtain receive yield return produce form play help look appear amount correspond fall belong rank earn hold carry express signal total stand land count qualify sort group put see find give get come make take act work serve use follow rest base confirm relate",
    ),
    "shown,seen,found,given,gives,got,gotten,came,comes,coming,made,makes,making,took,taken,takes,taking,put,puts,putting,set,sets,stands,stood,standing,lies,lie,lying,sits,sit,sitting,fell,falls,falling,held,holds,holding,kept,keep,keeps,keeping,brings,bring,bringing,brought,pulls,pull,pulling,pulled,pushes,push,pushing,pushed,drags,drag,read,reads,turns out,comes out,comes in,come in,ends up,finds itself,known to be,counts,scored,assigned,sees,seeing,uses",
    "on one side,on the other side,on the one hand,on the other hand,on the other,on one,in contrast,by contrast,contrast,conversely,meanwhile,in return,instead,same time,at the same time,respectively",
    "part,role,plays a role,plays a part,place,position,list,order,line,picture,side,category,categories,band,bands,bracket,range,class,group,segment,tier,area,scale,verdict,result,outcome,assessment,evaluation,analysis,classification,estimate,probability,likelihood,case,basis,heart,addition,difference,made up of,made up,word,words,term,terms,wording,clause,clauses,language,text,formulations,phrases,expressions,passages",
    "entirely,each of them,each,either,them,they all,of which,of them,of these,of those,ones,one,else,anything,everything,themselves,itself",
  ].join(","),
  be: "is,are,was,were,remains,remain,being,is being",
  noun: "information,factor,factors,feature,features,element,elements,aspect,aspects,item,items,point,points,metric,metrics,indicator,indicators,variable,variables,input,inputs,characteristic,characteristics,attribute,attributes,data point,data points,finding,findings,value,values,level,levels,figure,figures,number,numbers,reading,readings,amount,influence,influences,effect,effects,impact,impacts,pressure,force,forces,contribution,contributions,weight,share,movement,movements,movers,component,components,signal,ratio of,count,counts,listed factors,named factors",
  all: "all,every,everything,all of the",
  both: "both,both of them,both of which,both of these",
  body: "supplier's,vendor's,supplier,suppliers,vendor,company,model,our model,assessment,system,record,data,data set,dataset,profile,analysis",
  contract:
    "contract,contract text,contract wording,contract language,contract terms,contract words,contract's,contractual,agreement,wording of the contract,language of the contract",
  risk: `${RISK},riskiness,risk scale,risk estimate,default risk,supplier risk,risk assessment`,
  it: "it,this,that,which,these,they,both,each,all,them,those,each of these,each of them,all of these,all of them,all of which,these values,these factors,these features,the same,who",
  and: "and,as well as,plus,together with,along with,and also,alongside,&",
  split:
    "while,whereas,but,although,though,whilst,yet,however,even though,despite,in spite of,on the other hand,by contrast,in contrast,conversely",
  up: [
    "upward,upwards,adverse,adversely,negative,negatively,unfavourable,unfavorable,unfavourably,unfavorably,aggravating,harmful,detrimental,risk-raising,risk-increasing,risk-enhancing,elevating,increasing effect,raising effect,risky,riskier,at greater risk",
    "risk driver,risk drivers,drivers of risk,driver of risk,drivers of the risk,driver of the risk,risk factor,risk factors,drivers of the score,driver of the score,risk side,risk increase,risk increases,increases come from,increases come,increase comes from,negative side,on the negative side,on the downside,downside",
    "add to the risk,adds to the risk,adding to the risk,add to it,adds to it,adding to it,adds risk,add risk,adding risk,adds further risk,add further risk,add to the score,adds to the score,adding to the score,adds to this,add to this,further risk comes from,further risk,more risk",
    "against the supplier,against this supplier,speak against,speaks against,weigh against,weighs against,works against,work against,count against,counts against,weigh on,weighs on,weighing on,makes matters worse,make matters worse,makes it worse,in the wrong direction,points in the wrong direction,makes the supplier riskier,make the supplier riskier,does harm,do harm,concern,concerns,worry,worries,problem,problems,issue,issues,weakness,weaknesses,red flag,red flags,warning sign,warning signs",
    "higher risk,higher score,elevated risk,elevated score,increased risk,increased score,greater risk,higher rating",
  ].join(","),
  down: [
    "downward,downwards,favourable,favorable,favourably,favorably,positive,positively,mitigating,beneficial,protective,reassuring,risk-reducing,risk-lowering,risk-decreasing,dampening,reducing effect,lowering effect,relieving,less risky,safer,calming,comforting,helpful",
    "mitigation,mitigation comes from,mitigant,mitigants,relief,relief comes from,protection,strength,strengths,plus point,plus points,counterweight,counterweights,risk reducer,risk reducers,risk reduction,risk reductions,reductions come from,reduction comes from,decreases come from,positive side,on the positive side,on the plus side,on the upside,on the credit side,upside,bright spot,comfort",
    "in the supplier's favour,in the supplier's favor,in favour of the supplier,in favor of the supplier,in favour of this supplier,in its favour,in its favor,in their favour,speak for the supplier,speaks for the supplier,speak for it,speaks for it,for the supplier,makes the supplier less risky,make the supplier less risky,keeps the risk in check,keep the risk in check,keeps the score in check,keep the score in check,in check,act as a brake on,acts as a brake on,take away from,takes away from,takes some risk out of,removes some risk,remove some risk,removes risk,remove risk,takes risk out of,does good,do good,do some good,does some good,benefits from,benefits most from,profits from,keeps the score low,keep the score low,keeps the risk low,keep the risk low",
    "lower risk,lower score,reduced risk,reduced score,smaller risk,decreased risk,decreased score,lower rating",
  ].join(","),
  upVerb: [
    englishForms(
      "raise increase elevate worsen heighten inflate lift boost intensify aggravate amplify exacerbate enlarge escalate",
    ),
    "up,rises,rise,rising,climbs,climb,goes up,go up,going up,push up,pushes up,pushed up,drive up,drives up,driven up,pushes higher,push higher,drives higher,worse,growing,grows,grow",
  ].join(","),
  downVerb: [
    englishForms(
      "lower reduce decrease ease mitigate dampen lessen soften diminish alleviate improve relieve temper limit cushion curb trim shrink deflate",
    ),
    "cut,cuts,cutting,down,falls,drops,drop,goes down,go down,going down,brings down,bring down,pulls down,pull down,held down,holds down,hold down,shrinks,curbs,curbing,trims,trimming,better",
  ].join(","),
  source: [
    "reflect,reflects,reflecting,driver,drivers,drive,drives,driving,driven,contributor,contributors,contribute,contributes,contributing,contributed,cause,causes,reason,reasons,source,sources,explanation,explanations,explain,explains,explained,responsible,account,accounts,accounted,attributable,attributed,traced,trace,owed,result of,consequence of,shape,shapes,shaped,determine,determined,matter,matters,weigh,weighs,weighing,dominate,dominates,behind this,stand out,stands out,standing out,lead,leads",
  ].join(","),
  above:
    "above,over,exceed,exceeds,exceeding,exceeded,exceed their typical,surpass,surpasses,surpassing,higher than,greater than,larger than,more than,in excess of,above typical,above average,above the norm,above what is",
  below:
    "below,under,lower than,smaller than,less than,fewer than,short of,falls short of,fall short of,undercut,undercuts,below typical,below the norm,below what is,stays under",
  higher: "higher,elevated,increased,greater,larger",
  lower: "lower,reduced,smaller,decreased",
  high: "high,large,big",
  medium: "medium,moderate",
  low: "low,small",
  top: `${TOP},most,mostly,mainly,chiefly,primarily,principally,predominantly,above all,most of all,most heavily,most strongly,first of all,in the first place,first,leads the list,tops the list,topping the list,heads the list,heading,more than anything else,more than any other factor,more than any other feature,above everything else,at the top,in first place,ranks first,ranks highest,comes first,carries the most weight,carrying the most weight,has the most weight,carries the greatest weight,the most weight`,
  order:
    "followed by,follow,follows,followed,following,next,then,after that,after it,after them,come after,comes after it,next in line,ahead of,before,in that order,in this order,in descending order,in descending order of weight,to a lesser extent,last,comes next,come next",
  same: "likewise,similarly,the same,same direction,the same direction,in the same direction,the same effect,so does,so do,as does,as do,does so too,do so too,does so as well,the same way,point the same way,the same holds,the same applies,the same is true",
  opposite:
    "opposite,opposite direction,the opposite direction,in the opposite direction,in the other direction,the other way,reverse,the reverse,counter,counters,countered,counteract,counteracts,offset,offsets,offsetting,against that,against this,works against it,against these",
  missing: [
    "missing,unknown,not known,not available,unavailable,not provided,not reported,not recorded,not on record,undefined,unrecorded,absent,lacking,lack,lacks,without a value,blank,empty,not in the data,missing from the data,missing from the record,absence,absence of,gap,gaps,gap in,gaps in,data gap,data gaps,data gaps exist,open",
    "no data,no data are available,no data is available,no value,no values,no information,no information is available,no figures,no entries,no entry,no details,nothing is known,has no value,have no value,had no value,had no values,has no entries,has no data,has no value for,there is no value for,there is no data on,lack of a value,the lack of a value,lack data,lack of data,does not have,did not have,do not have,could not be assessed,could not be considered,could not be taken into account,could not be used,were not provided,was not provided,are not known,is not known,are not available,is not available,are not in the data,is not in the data,remain unknown,remains unknown,went unrecorded,worked without,no details on",
  ].join(","),
  typical:
    "typical,typically,usual,usually,normal,normally,norm,the norm,median,customary,standard,common,commonly,ordinary,would be typical,would be usual,would be normal,typical being",
  versus:
    "versus,vs,vs.,against,compared with,compared to,compares with,compares to,in comparison with,in comparison to,rather than,instead of,relative to,than,as opposed to,as against,where,whereas,when,while",
  cause:
    "because,because of,due to,owing to,thanks to,since,as a result,as a result of,therefore,thus,hence,thereby,so,so that,consequently,which means,meaning,means,for this reason,leads to,lead to,leading to,results in,result in,resulting in,stems from,stem from,comes from,come from,results from,rests on,goes back to,on account of",
};
