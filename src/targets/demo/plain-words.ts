/** Words of chat slang and of a few other languages, by their plain English ones; `the` stands for all that carry no subject. */
const PLAIN = new Map(
  (
    'you:u,ya are:r your:ur please:pls,plz,plis thanks:thx,thnx what:wat,wut,whats want:wanna give:gimme hour:hrs ' +
    'tomorrow:tmrw before:b4 people:ppl monday:mon,montag,lundi,lunes saturday:sat,samstag,samedi,sábado ' +
    'sunday:sonntag,dimanche,domingo delivery:deliv,lieferung,versand,lieferzeit,livraison,livrer,envío,entrega ' +
    'return:zurückgeben,zurückschicken,rückgabe,umtauschen,retourner,retour,rendre,devolver,devolución ' +
    'cost:kostet,kosten,coûte,coûtent,cuesta,cuestan free:kostenlos,gratuit,gratuite,gratis ' +
    'open:öffnen,geöffnet,öffnet,öffnungszeiten,ouvert,ouvrez,ouverture,horaires,abierto,abren,horario ' +
    'shop:geschäft,magasin,boutique,tienda order:bestellung,commande,pedido lamp:lampe,lampen,lampes,lámpara,lámparas ' +
    'brass:messing,messinglampe,laiton,latón care:pflege,pflegen,pflegt,entretenir,entretien,cuidar,cuidado ' +
    'day:tage,tagen,jours,días good:ware,waren,articles,artículos unused:unbenutzt,unbenutzte,inutilisés ' +
    'receipt:quittung,kassenbon,reçu,recibo when:wann,quand,cuándo how:wie,cuánto,cuánta where:wo,où,dónde ' +
    'long:lange,longtemps,tiempo much:viel,combien ' +
    'the:der,das,ist,sind,ich,kann,man,eine,einen,und,für,von,haben,hat,sie,mein,meine,es,le,les,des,une,est,sont,' +
    'puis-je,quel,quelle,vous,je,el,los,las,está,están,puedo,cuál,qué,una,por,favor,bitte,merci,danke,gracias'
  )
    .split(' ')
    .flatMap((line) => {
      const [plain = '', others = ''] = line.split(':');
      return others.split(',').map((other): [string, string] => [other, plain]);
    }),
);

const LETTERS_OF_DIGITS: Readonly<Record<string, string>> = {
  0: 'o',
  1: 'i',
  3: 'e',
  4: 'a',
  5: 's',
  7: 't',
};
const DIGITS_FOR_LETTERS =
  /^(?=\D*[013457])(?=(?:\d*[a-z]){2})(?!\d+[a-z]{1,3}$)(?![a-z]{1,3}\d+$)[a-z013457]+$/;

/** The plain English word for a word in lower case; the word itself for most. */
export function plainWord(word: string): string {
  const plain = PLAIN.get(word);
  if (plain !== undefined) return plain;
  if (!DIGITS_FOR_LETTERS.test(word)) return word;
  return word.replace(/\d/g, (digit) => LETTERS_OF_DIGITS[digit] ?? digit);
}
